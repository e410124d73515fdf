import { join } from "node:path";
import { Command } from "commander";
import { channelsFrom, NotificationDispatcher } from "../../../alerts/index.ts";
import { createLogger } from "../../../core/logger.ts";
import { channelSetup } from "../../../settings/alert-routes.ts";
import { readEnvironment } from "../../context.ts";
import { duration, green, print, printJson, red, table } from "../../output.ts";

const help = `
The command uses the channels of the settings, and needs neither server nor database. After you repair a channel of a
running server, POST /api/alerts/test makes the server try it again.

Exit status 1: a channel does not accept the test. 4: only the log is set up.`;

const onlyLogStatus = 4;
const onlyLog = `Only the log is set up: nobody is notified. Set up a channel:
${Object.entries(channelSetup)
  .map(([name, settings]) => `  ${name}: ${settings.join(", ")}`)
  .join("\n")}`;

export const testCommand = () =>
  new Command("test")
    .description(
      "send a test through all channels; exit 1 if one does not accept it, 4 if only the log is set up",
    )
    .argument("[channel]", "one of the configured channels; default: all")
    .option("--json", "print one JSON document")
    .addHelpText("after", help)
    .action(async (channel: string | undefined, { json }: { json?: boolean }) => {
      const { settings, dataDir } = await readEnvironment();
      const dispatcher = new NotificationDispatcher({
        channels: channelsFrom(settings),
        spoolDir: join(dataDir, "alerts", "spool"),
        log: createLogger(process.env.LOG_LEVEL || "warn"),
      });
      const channels = await dispatcher.test(channel);
      await dispatcher.stop();
      const isOnlyLog = channels.every(({ channel }) => channel === "log");
      if (channels.some(({ result }) => result !== "accepted")) process.exitCode = 1;
      else if (isOnlyLog && channel === undefined) process.exitCode = onlyLogStatus;
      if (json) return printJson({ channels, only_log: isOnlyLog });
      const rows = channels.map(({ channel, result, took_ms, answer }) => [
        channel,
        result === "accepted" ? green("accepted") : red(result.replaceAll("_", " ")),
        duration(took_ms),
        answer ?? "",
      ]);
      print(table(["channel", "result", "took", "answer"], rows));
      if (isOnlyLog && channel === undefined) print(`\n${red(onlyLog)}`);
    });
