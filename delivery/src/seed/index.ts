export { type DemoLogin, demoLogins, demoPassword } from "./logins.ts";
export {
  databaseNotEmpty,
  isEmpty,
  type SeededTable,
  type SeedOptions,
  type SeedReport,
  seedDemo,
} from "./seed-demo.ts";
