import { Argument, Command } from "commander";
import { describeScope, type MuteTarget, muteTargets } from "../../../alerts/index.ts";
import { print, printJson } from "../../output.ts";
import { author, withAlerts } from "./with-alerts.ts";

interface Options {
  key?: string;
  route?: string;
  json?: boolean;
}

const isTarget = (text: string): text is MuteTarget => muteTargets.some((target) => target === text);

export const unmuteCommand = () =>
  new Command("unmute")
    .description("end a mute now")
    .addArgument(new Argument("<type>", "the type, or ALL, that was muted; or the id of the mute"))
    .option("--key <key>", "the key that was muted")
    .option("--route <route>", "the route that was muted")
    .option("--json", "print one JSON document")
    .action((what: string, { json, ...scope }: Options) =>
      withAlerts(async (alerts) => {
        const ended = await alerts.unmute(
          isTarget(what) ? { type: what, ...scope, author: author() } : { id: what, author: author() },
        );
        if (json) return printJson(ended);
        print(`${describeScope(ended)} is no longer muted.`);
      }),
    );
