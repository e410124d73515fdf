import { Command } from "commander";
import { answer, answerJson, dim, duration, number, red, table } from "../output.ts";
import { withAlerts } from "./with-alerts.ts";

export const summaryCommand = () =>
  new Command("summary")
    .description("how many fire, what is muted, and the numbers of the last 30 days")
    .option("--json", "answer with one JSON document")
    .action(({ json }: { json?: boolean }) =>
      withAlerts(async (alerts) => {
        const summary = await alerts.summary();
        if (json) return answerJson(summary);
        const { active, muted, alerts: fired, window_days, mean_time_to_resolve_seconds: mean } = summary;
        const solved = mean === null ? "" : `, resolved after ${duration(mean * 1_000)} on average`;
        answer(active > 0 ? red(`${number(active)} firing`) : "Nothing fires.");
        answer(`${number(fired)} in ${window_days} days${solved}`);
        if (fired > 0) {
          const rows = Object.entries(summary.by_type).map(([type, count]) => [type, number(count)]);
          answer(table(["type", "alerts"], rows));
        }
        for (const { type, until, author, reason } of muted) {
          answer(`${type} is muted until ${until} by ${author}${reason === null ? "" : dim(`: ${reason}`)}`);
        }
      }),
    );
