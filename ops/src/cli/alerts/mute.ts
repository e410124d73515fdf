import { Command } from "commander";
import type { MuteTarget } from "../../alerts/index.ts";
import { seconds } from "../arguments.ts";
import { answer, answerJson } from "../output.ts";
import { author, muteTarget, withAlerts } from "./with-alerts.ts";

interface Options {
  for: number;
  reason?: string;
  json?: boolean;
}

const help = `
What is muted is recorded all the same, and told when it still fires at the end. A critical type, and ALL,
needs a reason.`;

export const muteCommand = () =>
  new Command("mute")
    .description("tell nobody of a type of alerts for a while")
    .addArgument(muteTarget())
    .requiredOption("--for <time>", "how long: 90s, 30m, 2h or 1d, at most 30d", seconds)
    .option("--reason <text>", "why nobody needs to know")
    .option("--json", "answer with one JSON document")
    .addHelpText("after", help)
    .action((type: MuteTarget, { for: duration_seconds, reason, json }: Options) =>
      withAlerts(async (alerts) => {
        const mute = await alerts.mute({ type, duration_seconds, reason, author: author() });
        if (json) return answerJson(mute);
        answer(`${type} is muted until ${mute.until}.`);
      }),
    );
