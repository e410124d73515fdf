import { Command } from "commander";
import { describeScope, type Mute, type MuteTarget, muteEvent } from "../../../alerts/index.ts";
import { seconds } from "../../arguments.ts";
import { asFailure } from "../../as-failure.ts";
import { type Connection, operator } from "../../context.ts";
import { print, printJson, printStatus } from "../../output.ts";
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

/** A mute that could hide an attack goes into the ledger, where the service has one. */
const recordMute = async (mute: Mute, { database: { pool, direct }, log }: Connection): Promise<void> => {
  const { requestedBy, origin } = operator();
  const event = muteEvent(mute, { operator: requestedBy, origin });
  if (!event) return;
  const { rows } = await pool.query("select to_regclass('earlybird.ledger') is not null as found");
  if (!rows[0]?.found) return;
  const { RollbackManager } = await import("../../../rollback/index.ts");
  try {
    await new RollbackManager({ pool, direct, changes: [], log }).recordEvent(event);
  } catch (error) {
    const { code, detail } = await asFailure(error);
    printStatus(`The mute is active, but could not be recorded in the ledger: ${code}: ${detail}`);
  }
};

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
        await recordMute(mute, connection);
        if (json) return printJson(mute);
        print(`${describeScope(mute)} is muted until ${mute.until}.`);
      }),
    );
