import { Command } from "commander";
import { systemClock } from "../../core/clock.ts";
import { positiveInteger, timeAhead } from "../arguments.ts";
import { operator, withSession } from "../context.ts";
import { print, printJson } from "../output.ts";
import { readSteps } from "../read-steps.ts";

interface Options {
  reason?: string;
  json?: boolean;
}

export const untilCommand = () =>
  new Command("until")
    .description("set the time by which to re-apply a step; an alert is raised if it is exceeded")
    .argument("<step>", "the step", positiveInteger)
    .argument(
      "<time>",
      "a time, such as 09:00 or 2026-01-31T09:00+05:30, at most 30 days ahead; or none",
      (text: string) => (text === "none" ? null : timeAhead(text, systemClock.now())),
    )
    .option("--reason <text>", "reason, recorded in the ledger")
    .option("--json", "print one JSON document")
    .action((given: number, until: Date | null, { reason, json }: Options) =>
      withSession(async ({ manager }) => {
        const [step = given] = (await readSteps(manager, "until", String(given))).steps;
        const changed = await manager.changeUntil(step, until, {
          ...operator(),
          ...(reason === undefined ? {} : { reason }),
        });
        if (json) return printJson(changed);
        print(
          changed.until
            ? `Step ${step}: re-apply by ${changed.until}.`
            : `Step ${step} has no re-apply time.`,
        );
      }),
    );
