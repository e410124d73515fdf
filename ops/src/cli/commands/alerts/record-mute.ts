import type { MuteEvent } from "../../../alerts/index.ts";
import { asFailure } from "../../as-failure.ts";
import { type Connection, operator } from "../../context.ts";
import { printStatus } from "../../output.ts";

/** Records a mute that could hide an attack in the ledger, if the service has one. */
export const recordMute = async (
  eventOf: (by: { operator: string; origin: string }) => MuteEvent | undefined,
  { database: { pool, direct }, log }: Connection,
): Promise<void> => {
  const { requestedBy, origin } = operator();
  const event = eventOf({ operator: requestedBy, origin });
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
