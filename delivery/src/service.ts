import { defineService } from "@earlybird-ops/platform/service";
import { Kysely, PostgresDialect } from "kysely";
import type pg from "pg";
import { changes } from "./changes/index.ts";
import type { DeliveryDatabase, Tables } from "./database.ts";
import { apiVersions } from "./http/api-versions.ts";
import { createSchema } from "./schema.ts";
import { version } from "./version.ts";

const databaseOf = (pool: pg.Pool): DeliveryDatabase =>
  new Kysely<Tables>({ dialect: new PostgresDialect({ pool }) });

// Most commands need neither the server nor the demo data: each is loaded when it is asked for.
const loadSeed = () => import("./seed/index.ts");
const loadServer = () => import("./main.ts");
const loadInvitation = () => import("./invite-admin.ts");

export default defineService({
  name: "EarlyBird Delivery",
  version,
  changes,
  apiVersions,
  // Without it, requests are not authenticated.
  requiredSteps: [24],
  createSchema: (pool, { BUSINESS_TIME_ZONE }) => createSchema(databaseOf(pool), BUSINESS_TIME_ZONE),
  demo: {
    isEmpty: async (pool) => (await loadSeed()).isEmpty(databaseOf(pool)),
    logins: async (pool) => {
      const { rows } = await pool.query<{ email: string }>(
        "select email from users where email like '%@earlybird.local' order by email",
      );
      return rows.map(({ email }) => email);
    },
    releases: async () => (await import("./release-demo/index.ts")).releaseDemo,
    seed: async (pool, options) => ({ ...(await (await loadSeed()).seedDemo(databaseOf(pool), options)) }),
  },
  serve: async (context) => (await loadServer()).serve(context),
  journeys: async () => (await import("./journeys/index.ts")).journeys,
  inviteAdmin: async (context) => (await loadInvitation()).inviteAdmin(context),
});
