import {
  type Clock,
  type RunningService,
  type ServeContext,
  type Settings,
  startMonitoring,
  systemClock,
} from "@earlybird-ops/platform";
import { mailTransportFrom } from "@earlybird-ops/platform/alerts";
import { closeMonitoringPool, createMonitoringPool } from "@earlybird-ops/platform/monitoring";
import { Changes } from "@earlybird-ops/platform/rollback";
import { Kysely, PostgresDialect } from "kysely";
import { buildServer } from "./app.ts";
import { createAdminInvitation, forgetEndedWindows, hasAnyAdmin } from "./auth/index.ts";
import { endMendedFailures } from "./billing/index.ts";
import { readTimeZone } from "./business/time-zone.ts";
import { inTimeZone } from "./calendar.ts";
import { changes as declared } from "./changes/index.ts";
import type { DeliveryDatabase, Tables } from "./database.ts";
import { checkOpenDeliveries } from "./deliveries/index.ts";
import { greet } from "./greeting.ts";
import { listen } from "./http/listen.ts";
import { forgetOldKeys } from "./idempotency/index.ts";
import { generatedSecret } from "./jwt-secret.ts";
import { MailSender } from "./mail/index.ts";
import { PeriodicCheck } from "./periodic-check.ts";

/** Starts everything that runs beside the database, and listens. */
export const serve = async ({
  version,
  pool,
  direct,
  rollback,
  backups,
  releases,
  settings,
  dataDir,
  log,
  slot,
}: ServeContext): Promise<RunningService> => {
  const db: DeliveryDatabase = new Kysely<Tables>({ dialect: new PostgresDialect({ pool }) });
  const timeZone = await readTimeZone(db);
  const clock = inTimeZone(systemClock, timeZone);
  const jwtSecret = settings.JWT_SECRET ?? (await generatedSecret(dataDir));
  const changes = new Changes<Tables>({ changes: declared, pool, direct, log });
  // What is started goes here, and ends in reverse: what has been started would keep the process from ending.
  const started: (() => Promise<void>)[] = [];
  const close = async () => {
    for (const stop of started.splice(0).reverse()) await stop();
  };
  try {
    const observed = await startMonitoring({
      pool,
      settings,
      dataDir,
      log,
      version,
      name: "earlybird-delivery",
      timeZone,
      clock,
    });
    started.push(observed.stop);
    await changes.start();
    started.push(() => changes.stop());
    const operatorPool = createMonitoringPool(pool);
    started.push(() => closeMonitoringPool(operatorPool));
    const production = settings.NODE_ENV === "production";
    const context = {
      db,
      operatorsDb: new Kysely<Tables>({ dialect: new PostgresDialect({ pool: operatorPool }) }),
      changes,
      clock,
      orderCutOff: settings.ORDER_CUT_OFF,
      jwtSecret,
      alerts: observed.alerts,
      adminsNeedTotp: production,
      reauthenticateAfterMs: settings.REAUTHENTICATE_AFTER_SECONDS * 1_000,
    };
    const transport = mailTransportFrom(settings);
    if (transport) {
      const sender = new MailSender({ db, transport, log, clock });
      sender.start();
      started.push(() => sender.stop());
    }
    for (const check of [checkOpenDeliveries, endMendedFailures, forgetOldKeys, forgetEndedWindows]) {
      const repeated = new PeriodicCheck({ check: () => check(context), log });
      repeated.start();
      started.push(() => repeated.stop());
    }
    const app = await buildServer({
      ...context,
      observed,
      log,
      rollback,
      ...(backups && { backups: { manager: backups, schedule: scheduleOf(settings, timeZone) } }),
      releases,
      version,
      ...(settings.TRUST_PROXY !== undefined && { trustProxy: settings.TRUST_PROXY }),
    });
    started.push(() => app.close());
    const url = await listen(app, { host: settings.HOST, port: settings.PORT, slot });
    const invitation = production ? await firstInvitation(changes, clock) : undefined;
    return { greeting: greet({ url, demo: !production, invitation }), close };
  } catch (error) {
    await close();
    throw error;
  }
};

const scheduleOf = ({ BACKUP_SCHEDULE: time }: Settings, timeZone: string) =>
  time === undefined ? undefined : { time, timeZone };

/** In production there is no login at first: the log of the first start contains an invitation for the admin. */
const firstInvitation = (changes: Changes<Tables>, clock: Clock): Promise<string | undefined> =>
  changes.transaction(async (tx) =>
    (await hasAnyAdmin(tx))
      ? undefined
      : (await createAdminInvitation(tx, { clock, firstAdmin: true })).token,
  );
