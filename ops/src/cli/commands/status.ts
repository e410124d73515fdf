import { Command } from "commander";
import type { Overview } from "../../rollback/index.ts";
import { withSession } from "../context.ts";
import { duration, green, number, print, printJson, printStatus, red, table, yellow } from "../output.ts";

export const statusCommand = () =>
  new Command("status")
    .description("list the steps, their state, and whether each can be rolled back")
    .option("--json", "print one JSON document")
    .addHelpText("after", "\nRows and time are estimates for moving the step, from statistics and past runs.")
    .action(({ json }: { json?: boolean }) =>
      withSession(async ({ manager }) => {
        const { steps } = await manager.getStatus();
        const { followers } = await manager.getOverview();
        if (json) return printJson({ steps, followers });
        const rows = steps.map(
          ({ step, name, state, risk, can_rollback, blocked_by, estimate, title, until }) => [
            String(step),
            name,
            state === "applied" ? green("applied") : yellow("rolled back"),
            risk,
            state === "rolled_back" ? "" : can_rollback ? green("yes") : red("no"),
            number(estimate.rows),
            duration(estimate.duration_ms),
            (until ? `re-apply by ${until}; ` : "") +
              (blocked_by.length > 0 ? `blocked by: ${blocked_by.join(", ")}` : title),
          ],
        );
        print(table(["step", "name", "state", "risk", "can roll back", "rows", "takes", ""], rows));
        printStatus(`\n${followersText(followers)}`);
      }),
    );

/** Which instances know of this state, in a line. */
const followersText = (followers: Overview["followers"]): string => {
  if (followers.length === 0) return "No instance of the service follows these steps.";
  const behind = followers.filter(({ following }) => !following);
  const following = `${followers.length - behind.length} of ${followers.length} instances follow these steps`;
  if (behind.length === 0) return `${following}.`;
  const names = behind.map(({ name, seen_at }) => `${name}, last seen ${seen_at}`);
  return yellow(
    `${following}; missing: ${names.join("; ")}. A missing instance treats every step as applied.`,
  );
};
