import { createLogger } from "@earlybird-ops/platform";
import { createPool } from "@earlybird-ops/platform/database";
import { RollbackManager } from "@earlybird-ops/platform/rollback";
import { Kysely, PostgresDialect } from "kysely";
import { changes } from "../../delivery/src/changes/index.ts";
import type { Tables } from "../../delivery/src/database.ts";
import { createSchema } from "../../delivery/src/schema.ts";
import { createTestDatabase, ensureTemplate, type TestDatabase } from "./database.ts";

export const quiet = createLogger("silent");

/** A database with the delivery schema, all twelve changes applied, and no rows. */
export const createDeliveryDatabase = async (): Promise<TestDatabase> => {
  await ensureTemplate("delivery", async (url) => {
    const pool = createPool(url);
    await createSchema(new Kysely<Tables>({ dialect: new PostgresDialect({ pool }) }), "UTC");
    const manager = new RollbackManager({ pool, changes, log: quiet });
    await manager.install({ requestedBy: "test", origin: "test" });
    await pool.end();
  });
  return createTestDatabase("delivery");
};
