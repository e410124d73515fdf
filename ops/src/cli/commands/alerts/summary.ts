import { Command } from "commander";
import { describeScope } from "../../../alerts/index.ts";
import { dim, duration, number, print, printJson, printStatus, red, table } from "../../output.ts";
import { withAlerts } from "./with-alerts.ts";

/** How many of those that fire are shown one by one. */
const shown = 20;

export const summaryCommand = () =>
  new Command("summary")
    .description("show firing alerts, mutes and statistics of the last 30 days")
    .option("--json", "print one JSON document")
    .action(({ json }: { json?: boolean }) =>
      withAlerts(async (alerts) => {
        const summary = await alerts.summary();
        if (json) return printJson(summary);
        const firing = await alerts.active();
        const { muted, alerts: fired, window_days, mean_time_to_resolve_seconds: mean } = summary;
        const solved = mean === null ? "" : `, resolved after ${duration(mean * 1_000)} on average`;
        print(firing.length > 0 ? red(`${number(firing.length)} firing`) : "Nothing fires.");
        if (firing.length > 0) {
          const rows = firing
            .slice(0, shown)
            .map(({ fired_at, severity, type, id, message, acknowledged }) => [
              fired_at,
              severity,
              type,
              id,
              acknowledged ? `${message} ${dim(`acknowledged by ${acknowledged.by}`)}` : message,
            ]);
          print(table(["since", "severity", "type", "id", "message"], rows));
          if (firing.length > shown)
            printStatus("For all firing alerts, run: earlybird alerts history --state firing");
          print("");
        }
        print(`${number(fired)} in ${window_days} days${solved}`);
        if (fired > 0) {
          const rows = Object.entries(summary.by_type).map(([type, count]) => [type, number(count)]);
          print(table(["type", "alerts"], rows));
        }
        for (const mute of muted) {
          const { id, until, author, reason } = mute;
          const why = reason === null ? "" : dim(`: ${reason}`);
          print(`${describeScope(mute)} is muted until ${until} by ${author}${why} ${dim(id)}`);
        }
      }),
    );
