import { Command, InvalidArgumentError, Option } from "commander";
import { type Alert, AlertSeverity, AlertType, explain } from "../../../alerts/index.ts";
import { positiveInteger } from "../../arguments.ts";
import { print, printJson, printStatus, table } from "../../output.ts";
import { channelNames } from "./channel-names.ts";
import { withAlerts } from "./with-alerts.ts";

interface Options {
  limit: number;
  type?: AlertType;
  severity?: AlertSeverity;
  state?: Alert["state"];
  before?: Date;
  page?: string;
  json?: boolean;
}

const moment = (text: string): Date => {
  const time = new Date(text);
  if (Number.isNaN(time.getTime()))
    throw new InvalidArgumentError("The value must be a time, such as 2026-01-05T04:00:00Z.");
  return time;
};

export const historyCommand = () =>
  new Command("history")
    .description("list alerts of the last 90 days and their notifications, newest first")
    .option("--limit <n>", "maximum number of results", positiveInteger, 50)
    .addOption(new Option("--type <type>", "only these").choices(Object.values(AlertType)))
    .addOption(new Option("--severity <severity>", "only these").choices(Object.values(AlertSeverity)))
    .addOption(new Option("--state <state>", "only these").choices(["firing", "resolved"]))
    .option("--before <time>", "only alerts that fired before this time", moment)
    .option("--page <page>", "page token from the previous page")
    .option("--json", "print one JSON document")
    .action(({ json, ...filter }: Options) =>
      withAlerts(async (alerts, { settings }) => {
        const { alerts: records, next } = await alerts.history({
          ...filter,
          limit: Math.min(filter.limit, 1_000),
        });
        const explained = records.map((record) => explain(record, channelNames(settings)));
        if (json) {
          const flat = explained.map(({ alert, instance, channels }) => ({
            ...alert,
            instance,
            channels: channels.map(({ channel, outcome, why }) => ({ channel, outcome, why })),
          }));
          return printJson({ alerts: flat, next });
        }
        const rows = explained.map(({ alert, channels }) => [
          alert.fired_at,
          alert.state,
          alert.severity,
          alert.type,
          alert.id,
          channels.map(({ channel, outcome }) => `${channel} ${outcome.replaceAll("_", " ")}`).join(", "),
          alert.message,
        ]);
        print(table(["fired", "state", "severity", "type", "id", "told", "message"], rows));
        if (next !== null) printStatus(`For the next page, add --page ${next}`);
      }),
    );
