import { Command } from "commander";
import { describeScope, type MuteTarget, muteEvent } from "../../../alerts/index.ts";
import { seconds } from "../../arguments.ts";
import { print, printJson } from "../../output.ts";
import { recordMute } from "./record-mute.ts";
import { author, muteTarget, withAlerts } from "./with-alerts.ts";

interface Options {
  for: number;
  key?: string;
  route?: string;
  reason?: string;
  json?: boolean;
}

const help = `
Muted alerts are still recorded, and told when it still fires at the end. A critical type, and ALL,
needs a reason.`;

export const muteCommand = () =>
  new Command("mute")
    .description("mute notifications of an alert type, or only of a key or route")
    .addArgument(muteTarget())
    .option("--key <key>", "only alerts with this key, as the history shows it")
    .option("--route <route>", 'only alerts about this route, such as "GET /api/orders"')
    .requiredOption("--for <time>", "duration of the mute: 90s, 30m, 2h or 1d, at most 30d", seconds)
    .option("--reason <text>", "reason for the mute")
    .option("--json", "print one JSON document")
    .addHelpText("after", help)
    .action((type: MuteTarget, { for: duration_seconds, json, ...request }: Options) =>
      withAlerts(async (alerts, connection) => {
        const mute = await alerts.mute({ ...request, type, duration_seconds, author: author() });
        await recordMute((by) => muteEvent(mute, by), connection);
        if (json) return printJson(mute);
        print(`${describeScope(mute)} is muted until ${mute.until}.`);
      }),
    );
