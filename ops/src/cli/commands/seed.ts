import { Command } from "commander";
import { defineFailure } from "../../core/failure.ts";
import { positiveInteger } from "../arguments.ts";
import { operator, withSession } from "../context.ts";
import { number, print, printJson, printStatus } from "../output.ts";

const demoRefused = defineFailure({
  code: "EB_DEMO_REFUSED",
  status: 409,
  exitStatus: 4,
  detail: "{why}",
  remedy: "{remedy}",
});

interface SeedOptions {
  customers?: number;
  days?: number;
  seed?: number;
  json?: boolean;
}

export const seedCommand = () =>
  new Command("seed")
    .description("load demo data into an empty database; the same seed gives the same rows")
    .option("--customers <n>", "number of customers (default 2000)", positiveInteger)
    .option("--days <n>", "days of history (default 90)", positiveInteger)
    .option("--seed <n>", "seed of the generator (default 1)", positiveInteger)
    .option("--json", "print one JSON document")
    .action(({ json, ...request }: SeedOptions) =>
      withSession(async ({ service, settings, database, manager }) => {
        if (settings.NODE_ENV === "production") {
          throw demoRefused({
            why: "Demo data is not available in production.",
            remedy: "Use a separate database with another NODE_ENV.",
          });
        }
        if (!service.demo)
          throw demoRefused({
            why: `${service.name} has no demo data.`,
            remedy: "Add a demo to the service.",
          });
        await service.createSchema?.(database.direct, settings);
        await manager.install(operator());
        const { steps } = await manager.getStatus();
        const away = steps.filter(({ state }) => state === "rolled_back").map(({ step }) => step);
        if (away.length > 0) {
          throw demoRefused({
            why: `The demo data requires every step, but some are rolled back: ${away.join(", ")}.`,
            remedy: 'Re-apply them with "earlybird reapply".',
          });
        }
        const onProgress = (stage: string, rows: number) =>
          printStatus(rows > 0 ? `${stage}: ${number(rows)}` : stage);
        const report = await service.demo.seed(database.pool, { ...request, onProgress });
        if (json) printJson(report);
        else print("Demo data loaded.");
      }),
    );
