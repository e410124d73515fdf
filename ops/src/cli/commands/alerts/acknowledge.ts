import { Command } from "commander";
import { print, printJson } from "../../output.ts";
import { author, withAlerts } from "./with-alerts.ts";

interface Options {
  note?: string;
  json?: boolean;
}

const help = `
The end of the alert is still sent. Repeat the command to change the note.`;

export const acknowledgeCommand = () =>
  new Command("acknowledge")
    .description("stop the reminders of an alert until it resolves or becomes more severe")
    .argument("<id>", "id of the alert, from the summary or a message")
    .option("--note <text>", "such as what is being done")
    .option("--json", "print one JSON document")
    .addHelpText("after", help)
    .action((id: string, { note, json }: Options) =>
      withAlerts(async (alerts) => {
        const alert = await alerts.acknowledge({ id, note, author: author() });
        if (json) return printJson(alert);
        print(`Acknowledged: ${alert.message}`);
      }),
    );
