import type { Clock } from "earlybird";
import type { Changes } from "earlybird/rollback";
import type { DeliveryDatabase, Tables } from "./database.ts";

/** What every part of the API is given to work with. */
export interface ApiContext {
  /** For reads. Each write goes through `changes.transaction`. */
  db: DeliveryDatabase;
  changes: Changes<Tables>;
  clock: Clock;
  /** Signs logins and invitations; at least 32 characters. */
  jwtSecret: string;
}
