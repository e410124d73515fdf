import { Command } from "commander";
import type { MuteTarget } from "../../../alerts/index.ts";
import { answer, answerJson } from "../../output.ts";
import { author, muteTarget, withAlerts } from "./with-alerts.ts";

export const unmuteCommand = () =>
  new Command("unmute")
    .description("end a mute now")
    .addArgument(muteTarget())
    .option("--json", "print one JSON document")
    .action((type: MuteTarget, { json }: { json?: boolean }) =>
      withAlerts(async (alerts) => {
        const ended = await alerts.unmute({ type, author: author() });
        if (json) return answerJson(ended);
        answer(`${type} is not muted any more.`);
      }),
    );
