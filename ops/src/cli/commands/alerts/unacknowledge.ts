import { Command } from "commander";
import { print, printJson } from "../../output.ts";
import { author, withAlerts } from "./with-alerts.ts";

export const unacknowledgeCommand = () =>
  new Command("unacknowledge")
    .description("withdraw the acknowledgement of an alert; reminders continue")
    .argument("<id>", "id of the alert")
    .option("--json", "print one JSON document")
    .action((id: string, { json }: { json?: boolean }) =>
      withAlerts(async (alerts) => {
        const alert = await alerts.unacknowledge({ id, author: author() });
        if (json) return printJson(alert);
        print(`No longer acknowledged: ${alert.message}`);
      }),
    );
