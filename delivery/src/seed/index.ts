export { type DemoLogin, demoLogins, demoPassword } from "./logins.ts";
export {
  databaseNotEmpty,
  type SeededTable,
  type SeedOptions,
  type SeedReport,
  seedDemo,
} from "./seed-demo.ts";
