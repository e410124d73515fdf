import { Command } from "commander";
import { bold, dim, print, printJson } from "../../output.ts";
import { channelNames } from "./channel-names.ts";
import { withAlerts } from "./with-alerts.ts";

export const explainCommand = () =>
  new Command("explain")
    .description("explain the notifications of an alert, channel by channel")
    .argument("<id>", "id of the alert, from the history or a message")
    .option("--json", "print one JSON document")
    .action((id: string, { json }: { json?: boolean }) =>
      withAlerts(async (alerts, { settings }) => {
        const explanation = await alerts.explain(id, channelNames(settings));
        if (json) return printJson(explanation);
        const { alert, instance, decisions, channels } = explanation;
        print(bold(`${alert.severity.toUpperCase()} ${alert.type}: ${alert.message}`));
        print(
          `fired ${alert.fired_at}${alert.resolved_at === null ? ", still firing" : `, resolved ${alert.resolved_at}`}`,
        );
        if (alert.acknowledged) {
          const { by, at, note } = alert.acknowledged;
          print(`acknowledged ${at} by ${by}${note === null ? "" : `: ${note}`}`);
        }
        print(`seen by instance ${instance}`);
        for (const [name, value] of Object.entries(alert.details)) print(dim(`  ${name}: ${value}`));
        print(bold("decisions"));
        for (const { at, occasion, why } of decisions) print(`  ${at}  ${occasion}: ${why}`);
        print(bold("channels"));
        for (const { channel, outcome, why } of channels) {
          print(`  ${channel}  ${outcome.replaceAll("_", " ")}: ${why}`);
        }
      }),
    );
