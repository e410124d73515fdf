import { join } from "node:path";
import { Command } from "commander";
import { channelsFrom, NotificationDispatcher } from "../../../alerts/index.ts";
import { createLogger } from "../../../core/logger.ts";
import { readEnvironment } from "../../context.ts";
import { duration, green, print, printJson, red, table } from "../../output.ts";

const help = `
Sends through the channels that the settings set up, as they are in this process, and needs neither server
nor database. A running server hears nothing of it: after mending what is broken there, POST /api/alerts/test.`;

export const testCommand = () =>
  new Command("test")
    .description("send a test through the real channels; exit 1 when one does not accept it")
    .argument("[channel]", "email, slack or log; all when left out")
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
      if (channels.some(({ result }) => result !== "accepted")) process.exitCode = 1;
      if (json) return printJson({ channels });
      const rows = channels.map(({ channel, result, took_ms, answer }) => [
        channel,
        result === "accepted" ? green("accepted") : red(result.replaceAll("_", " ")),
        duration(took_ms),
        answer ?? "",
      ]);
      print(table(["channel", "result", "took", "answer"], rows));
    });
