import { defineService } from "earlybird";
import { Kysely, PostgresDialect } from "kysely";
import type pg from "pg";
import { changes } from "./changes/index.ts";
import type { DeliveryDatabase, Tables } from "./database.ts";
import { serve } from "./main.ts";
import { createSchema } from "./schema.ts";
import { isEmpty, seedDemo } from "./seed/index.ts";
import { version } from "./version.ts";

const databaseOf = (pool: pg.Pool): DeliveryDatabase =>
  new Kysely<Tables>({ dialect: new PostgresDialect({ pool }) });

export default defineService({
  name: "EarlyBird Delivery",
  version,
  changes,
  createSchema: (pool) => createSchema(databaseOf(pool)),
  demo: {
    isEmpty: (pool) => isEmpty(databaseOf(pool)),
    seed: async (pool, { onProgress, ...options }) => ({
      ...(await seedDemo(databaseOf(pool), {
        ...options,
        ...(onProgress ? { onProgress } : {}),
      })),
    }),
  },
  serve,
});
