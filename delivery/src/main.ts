import { fileURLToPath } from "node:url";
import { type Clock, type RunningService, type ServeContext, startMonitoring, systemClock } from "earlybird";
import { Changes } from "earlybird/rollback";
import { Kysely, PostgresDialect } from "kysely";
import { buildServer } from "./app.ts";
import { createAdminInvitation, forgetEndedWindows } from "./auth/index.ts";
import { endMendedFailures } from "./billing/index.ts";
import { changes as declared } from "./changes/index.ts";
import type { DeliveryDatabase, Tables } from "./database.ts";
import { checkOpenDeliveries } from "./deliveries/index.ts";
import { greet } from "./greeting.ts";
import { listen } from "./http/listen.ts";
import { generatedSecret } from "./jwt-secret.ts";
import { RepeatedCheck } from "./repeated-check.ts";
import { version } from "./version.ts";

const consoleDir = fileURLToPath(new URL("../../console/dist", import.meta.url));

/** Starts everything that runs beside the database, and listens. */
export const serve = async ({
  pool,
  direct,
  rollback,
  settings,
  dataDir,
  log,
}: ServeContext): Promise<RunningService> => {
  const clock = systemClock;
  const db: DeliveryDatabase = new Kysely<Tables>({ dialect: new PostgresDialect({ pool }) });
  const jwtSecret = settings.JWT_SECRET ?? (await generatedSecret(dataDir));
  const changes = new Changes<Tables>({ changes: declared, pool, direct, log });
  // What is started goes here, and ends in reverse: what has been started would keep the process from ending.
  const started: (() => Promise<void>)[] = [];
  const close = async () => {
    for (const stop of started.splice(0).reverse()) await stop();
  };
  try {
    const observed = await startMonitoring({ pool, settings, dataDir, log, version, clock });
    started.push(observed.stop);
    await changes.start();
    started.push(() => changes.stop());
    const context = { db, changes, clock, jwtSecret, alerts: observed.alerts };
    for (const check of [checkOpenDeliveries, endMendedFailures, forgetEndedWindows]) {
      const repeated = new RepeatedCheck({ check: () => check(context), log });
      repeated.start();
      started.push(() => repeated.stop());
    }
    const app = await buildServer({
      ...context,
      observed,
      log,
      rollback,
      version,
      consoleDir,
      ...(settings.TRUST_PROXY !== undefined && { trustProxy: settings.TRUST_PROXY }),
    });
    started.push(() => app.close());
    const url = await listen(app, { host: settings.HOST, port: settings.PORT });
    const production = settings.NODE_ENV === "production";
    const invitation = production ? await firstInvitation(db, jwtSecret, clock) : undefined;
    return { greeting: greet({ url, demo: !production, invitation }), close };
  } catch (error) {
    await close();
    throw error;
  }
};

/** In production nobody can log in at first: whoever reads the log of the first start may make the admin. */
const firstInvitation = async (
  db: DeliveryDatabase,
  jwtSecret: string,
  clock: Clock,
): Promise<string | undefined> => {
  const admin = await db
    .selectFrom("users")
    .select("id")
    .where("role", "=", "admin")
    .limit(1)
    .executeTakeFirst();
  return admin ? undefined : createAdminInvitation({ jwtSecret, clock });
};
