import { systemClock } from "../core/clock.ts";
import type { Logger } from "../core/logger.ts";
import type { RollbackManager } from "../rollback/index.ts";
import type { Settings } from "../settings/settings.ts";
import { operator } from "./context.ts";

/**
 * Records in the ledger with which settings an instance starts, where they differ from those of the last start. Values
 * of secrets are not in it. A ledger that cannot be written keeps no instance from starting.
 */
export const recordSettings = async (
  manager: RollbackManager,
  settings: Settings,
  log: Pick<Logger, "error">,
): Promise<void> => {
  const { redactedSettings } = await import("../settings/settings.ts");
  const { requestedBy, origin } = operator();
  const result = redactedSettings(settings);
  await manager
    .recordIfChanged({ action: "settings", operator: requestedBy, origin, at: systemClock.now(), result })
    .catch((err: unknown) =>
      log.error({ err, settings: result }, "the settings could not be recorded in the ledger"),
    );
};
