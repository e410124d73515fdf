import { Command } from "commander";
import type { MuteTarget } from "../../../alerts/index.ts";
import { print, printJson } from "../../output.ts";
import { author, muteTarget, withAlerts } from "./with-alerts.ts";

export const unmuteCommand = () =>
  new Command("unmute")
    .description("end a mute now")
    .addArgument(muteTarget())
    .option("--json", "print one JSON document")
    .action((type: MuteTarget, { json }: { json?: boolean }) =>
      withAlerts(async (alerts) => {
        const ended = await alerts.unmute({ type, author: author() });
        if (json) return printJson(ended);
        print(`${type} is no longer muted.`);
      }),
    );
