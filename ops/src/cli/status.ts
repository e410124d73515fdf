import { Command } from "commander";
import { answer, answerJson, duration, green, number, red, table, yellow } from "./output.ts";
import { withSession } from "./session.ts";

export const statusCommand = () =>
  new Command("status")
    .description("the steps, their state, and whether each could be rolled back right now")
    .option("--json", "answer with one JSON document")
    .addHelpText(
      "after",
      "\nRows and time are estimates for moving the step from where it is: from statistics and past runs.",
    )
    .action(({ json }: { json?: boolean }) =>
      withSession(async ({ manager }) => {
        const status = await manager.getStatus();
        if (json) return answerJson(status);
        const rows = status.steps.map(
          ({ step, name, state, risk, can_rollback, blocked_by, estimate, title }) => [
            String(step),
            name,
            state === "applied" ? green("applied") : yellow("rolled back"),
            risk,
            state === "rolled_back" ? "" : can_rollback ? green("yes") : red("no"),
            number(estimate.rows),
            duration(estimate.duration_ms),
            blocked_by.length > 0 ? `blocked by: ${blocked_by.join(", ")}` : title,
          ],
        );
        answer(table(["step", "name", "state", "risk", "can roll back", "rows", "takes", ""], rows));
      }),
    );
