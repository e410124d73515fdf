import { Command } from "commander";
import { answer, answerJson, bold, dim } from "../../output.ts";
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
        if (json) return answerJson(explanation);
        const { alert, instance, decisions, channels } = explanation;
        answer(bold(`${alert.severity.toUpperCase()} ${alert.type}: ${alert.message}`));
        answer(
          `fired ${alert.fired_at}${alert.resolved_at === null ? ", and fires still" : `, resolved ${alert.resolved_at}`}`,
        );
        answer(`seen by instance ${instance}`);
        for (const [name, value] of Object.entries(alert.details)) answer(dim(`  ${name}: ${value}`));
        answer(bold("decisions"));
        for (const { at, occasion, why } of decisions) answer(`  ${at}  ${occasion}: ${why}`);
        answer(bold("channels"));
        for (const { channel, outcome, why } of channels) {
          answer(`  ${channel}  ${outcome.replaceAll("_", " ")}: ${why}`);
        }
      }),
    );
