import { fileURLToPath } from "node:url";
import { type Clock, type RunningService, type ServeContext, systemClock } from "earlybird";
import { AlertManager, slackChannel } from "earlybird/alerts";
import {
  DatabaseHealthChecker,
  MonitoringService,
  PerformanceMetrics,
  SystemMetrics,
} from "earlybird/monitoring";
import { Changes } from "earlybird/rollback";
import { Kysely, PostgresDialect } from "kysely";
import { buildServer } from "./app.ts";
import { createAdminInvitation } from "./auth/index.ts";
import { changes as declared } from "./changes/index.ts";
import type { DeliveryDatabase, Tables } from "./database.ts";
import { greet } from "./greeting.ts";
import { listen } from "./http/listen.ts";
import { generatedSecret } from "./jwt-secret.ts";
import { version } from "./version.ts";

const consoleDir = fileURLToPath(new URL("../../console/dist", import.meta.url));

/** Starts everything that runs beside the database, and listens. */
export const serve = async ({
  pool,
  rollback,
  settings,
  dataDir,
  log,
}: ServeContext): Promise<RunningService> => {
  const clock = systemClock;
  const db: DeliveryDatabase = new Kysely<Tables>({ dialect: new PostgresDialect({ pool }) });
  const jwtSecret = settings.JWT_SECRET ?? (await generatedSecret(dataDir));
  const changes = new Changes<Tables>({ changes: declared, pool, log });
  const monitoring = new MonitoringService({
    database: new DatabaseHealthChecker({ pool, clock }),
    system: new SystemMetrics({ clock }),
    performance: new PerformanceMetrics({ clock }),
    log,
    clock,
  });
  const channels = settings.SLACK_WEBHOOK_URL
    ? [slackChannel({ webhookUrl: settings.SLACK_WEBHOOK_URL })]
    : [];
  const alerts = new AlertManager({ channels, log, clock });
  const app = await buildServer({
    db,
    changes,
    clock,
    jwtSecret,
    log,
    monitoring,
    alerts,
    rollback,
    version,
    consoleDir,
  });
  const close = async () => {
    await app.close();
    await monitoring.stop();
    await alerts.stop();
    await changes.stop();
  };
  try {
    alerts.watch(monitoring);
    await changes.start();
    await monitoring.start();
    const url = await listen(app, { host: settings.HOST, port: settings.PORT });
    const production = settings.NODE_ENV === "production";
    const invitation = production ? await firstInvitation(db, jwtSecret, clock) : undefined;
    return { greeting: greet({ url, demo: !production, invitation }), close };
  } catch (error) {
    // What has been started would keep the process from ending.
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
