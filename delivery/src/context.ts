import type { AlertManager } from "@earlybird-ops/platform/alerts";
import type { Changes } from "@earlybird-ops/platform/rollback";
import type { BusinessClock } from "./calendar.ts";
import type { DeliveryDatabase, Tables } from "./database.ts";

/** What every part of the API is given to work with. */
export interface ApiContext {
  /** For reads. Each write goes through `changes.transaction`. */
  db: DeliveryDatabase;
  /** For the logins of operators; by default `db`. */
  operatorsDb?: DeliveryDatabase;
  changes: Pick<Changes<Tables>, "active" | "transaction">;
  clock: BusinessClock;
  /** `HH:MM` on the evening before a delivery, until when customers can order and cancel; absent: no cut-off. */
  orderCutOff?: string | undefined;
  /** Notifies the operators. */
  alerts: Pick<AlertManager, "raise" | "resolve">;
  /** Signs logins; at least 32 characters. */
  jwtSecret: string;
  /** Whether an admin must set up a second factor, as in production. */
  adminsNeedTotp?: boolean;
  /** How old a login may be for the move of a critical step; ten minutes when left out. */
  reauthenticateAfterMs?: number;
}
