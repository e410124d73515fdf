import { defineService } from "earlybird";
import { Kysely, PostgresDialect, sql } from "kysely";
import type pg from "pg";
import { changes } from "./changes/index.ts";
import type { DeliveryDatabase, Tables } from "./database.ts";
import { serve } from "./main.ts";
import { createSchema } from "./schema.ts";
import { seedDemo } from "./seed/index.ts";
import { version } from "./version.ts";

const databaseOf = (pool: pg.Pool): DeliveryDatabase =>
  new Kysely<Tables>({ dialect: new PostgresDialect({ pool }) });

/** The day it is where the business is. */
const todayInIndia = (): string => new Date().toLocaleDateString("sv", { timeZone: "Asia/Kolkata" });

export default defineService({
  name: "EarlyBird Delivery",
  version,
  changes,
  createSchema: (pool) => createSchema(databaseOf(pool)),
  demo: {
    isEmpty: async (pool) => {
      const { rows } = await sql`select from users limit 1`.execute(databaseOf(pool));
      return rows.length === 0;
    },
    seed: async (pool, { onProgress, ...options }) => ({
      ...(await seedDemo(databaseOf(pool), {
        ...options,
        today: todayInIndia(),
        ...(onProgress ? { onProgress } : {}),
      })),
    }),
  },
  serve,
});
