import { Command } from "commander";
import { Failure } from "../../core/failure.ts";
import { positiveInteger } from "../arguments.ts";
import { operator, withSession } from "../context.ts";
import { answer, answerJson, narrate, number } from "../output.ts";

const demoRefused = (why: string, remedy: string) =>
  new Failure("EB_DEMO_REFUSED", 409, why, remedy).exitingWith(4);

interface SeedOptions {
  customers?: number;
  days?: number;
  seed?: number;
  json?: boolean;
}

export const seedCommand = () =>
  new Command("seed")
    .description("load demo data into empty tables; the same seed gives the same rows")
    .option("--customers <n>", "how many customers (default 2000)", positiveInteger)
    .option("--days <n>", "how many days of history (default 90)", positiveInteger)
    .option("--seed <n>", "which world (default 1)", positiveInteger)
    .option("--json", "answer with one JSON document")
    .action(({ json, ...request }: SeedOptions) =>
      withSession(async ({ service, settings, database, manager }) => {
        if (settings.NODE_ENV === "production") {
          throw demoRefused(
            "There is no demo data in production.",
            "Set NODE_ENV to something else on a database of its own.",
          );
        }
        if (!service.demo) throw demoRefused(`${service.name} has no demo data.`, "Give its service a demo.");
        await service.createSchema?.(database.direct, settings);
        await manager.install(operator());
        const { steps } = await manager.getStatus();
        const away = steps.filter(({ state }) => state === "rolled_back").map(({ step }) => step);
        if (away.length > 0) {
          throw demoRefused(
            `The demo data needs every step; ${away.join(", ")} rolled back.`,
            'Re-apply first: "earlybird reapply".',
          );
        }
        const onProgress = (stage: string, rows: number) =>
          narrate(rows > 0 ? `${stage}: ${number(rows)}` : stage);
        const report = await service.demo.seed(database.pool, { ...request, onProgress });
        if (json) answerJson(report);
        else answer("The demo data is loaded.");
      }),
    );
