import { tmpdir } from "node:os";
import { join } from "node:path";
import type { Observed } from "@earlybird-ops/platform";
import type { Channel } from "@earlybird-ops/platform/alerts";
import {
  closeMonitoringPool,
  createMonitoringPool,
  DatabaseHealthChecker,
  Fleet,
  MonitoringService,
  PerformanceMetrics,
  SystemMetrics,
} from "@earlybird-ops/platform/monitoring";
import { Changes, RollbackManager } from "@earlybird-ops/platform/rollback";
import type { InjectOptions } from "fastify";
import { Kysely, PostgresDialect } from "kysely";
import type pg from "pg";
import { buildServer } from "../../delivery/src/app.ts";
import { issueToken } from "../../delivery/src/auth/tokens.ts";
import { changes as declaredChanges } from "../../delivery/src/changes/index.ts";
import type { Tables } from "../../delivery/src/database.ts";
import { createSchema } from "../../delivery/src/schema.ts";
import { seedDemo } from "../../delivery/src/seed/index.ts";
import { createPool } from "../../ops/src/database/pool.ts";
import { backupsOf } from "../backups/support.ts";
import { createAlerts } from "./alerts.ts";
import { openSmallBusiness } from "./business.ts";
import { StandingClock } from "./clock.ts";
import { createDeliveryDatabase, quiet } from "./delivery.ts";
import { demoSize } from "./demo.ts";

const operator = { requestedBy: "test", origin: "test" };
const secret = "a secret that is long enough for tests";

const engineOn = (pool: pg.Pool) => new RollbackManager({ pool, changes: declaredChanges, log: quiet });

/** A request to the API: as which user (an id without its `usr_`), and with which body. */
export interface ApiRequest {
  as?: string;
  body?: unknown;
  headers?: Record<string, string>;
  remoteAddress?: string;
}

interface ApiOptions {
  url?: string;
  beside?: { pool: pg.Pool };
  trustProxy?: string;
  adminsNeedTotp?: boolean;
  orderCutOff?: string;
  version?: string;
  now?: string;
  withFleet?: boolean;
  /** Besides the log. */
  channels?: Channel[];
  settings?: Observed["settings"];
  /** Loads the demo data first, beside which the small business opens. */
  withDemo?: boolean;
  /** Where releases are; without it, there are none. */
  dataDir?: string;
}

/**
 * The API on a database of its own with all changes applied and the small business in it. It is Tuesday,
 * 10 March 2026, six in the morning UTC, or `now`, until the clock is set.
 *
 * @param options.url a database to use instead; it is filled, and not dropped in the end
 * @param options.withFleet counts the requests of all instances, in the database
 * @param options.dataDir the data directory with its releases
 * @param options.beside another server, on whose database this one is a second instance
 */
export const startApi = async ({
  beside,
  trustProxy,
  adminsNeedTotp = false,
  orderCutOff,
  version = "0.0.0",
  now = "2026-03-10T06:00:00Z",
  withFleet = false,
  channels,
  settings,
  withDemo = false,
  dataDir = join(tmpdir(), "earlybird-test-without-releases"),
  ...options
}: ApiOptions = {}) => {
  const url = beside?.pool.options.connectionString ?? options.url;
  const database = url === undefined ? await createDeliveryDatabase() : undefined;
  const pool = database?.pool ?? createPool(url ?? "");
  const db = new Kysely<Tables>({ dialect: new PostgresDialect({ pool }) });
  const operatorPool = createMonitoringPool(pool);
  if (database === undefined) {
    await createSchema(db, "UTC");
    await engineOn(pool).install(operator);
  }
  const clock = new StandingClock(now);
  if (withDemo) await seedDemo(db, { ...demoSize, clock });
  if (!beside) await openSmallBusiness(db);
  const changes = new Changes<Tables>({ changes: declaredChanges, pool, log: quiet });
  await changes.start();
  const performance = new PerformanceMetrics({ clock });
  const monitoring = new MonitoringService({
    database: new DatabaseHealthChecker({ pool, clock }),
    system: new SystemMetrics({ clock }),
    performance,
    log: quiet,
    clock,
  });
  const fleet = withFleet
    ? new Fleet({ pool: operatorPool, performance, log: quiet, version: "0.0.0", clock })
    : undefined;
  fleet?.watch(monitoring);
  const {
    alerts,
    dispatcher,
    stop: stopAlerts,
  } = await createAlerts({ clock, ...(channels && { channels }) });
  const observed = { monitoring, alerts, dispatcher, fleet, ...(settings && { settings }) };
  const app = await buildServer({
    db,
    operatorsDb: new Kysely<Tables>({ dialect: new PostgresDialect({ pool: operatorPool }) }),
    changes,
    clock,
    log: quiet,
    alerts,
    observed,
    rollback: engineOn(pool),
    backups: { manager: backupsOf(pool, { directory: join(tmpdir(), "earlybird-test-without-backups") }) },
    releases: { dataDir },
    jwtSecret: secret,
    adminsNeedTotp,
    orderCutOff,
    version,
    ...(trustProxy !== undefined && { trustProxy }),
  });
  await app.ready();

  const tokenOf = (user: string) => issueToken(app, clock, `ses_${user}`);
  const send = (route: string, { as, body, headers, remoteAddress }: ApiRequest = {}) => {
    const [method = "", path = ""] = route.split(" ");
    return app.inject({
      method: method as NonNullable<InjectOptions["method"]>,
      url: path,
      headers: { ...(as && { authorization: `Bearer ${tokenOf(as)}` }), ...headers },
      ...(remoteAddress && { remoteAddress }),
      ...(body !== undefined && { payload: body as object }),
    });
  };

  /** Sends a request that must succeed, and answers its body. */
  const ask = async (route: string, request: ApiRequest = {}) => {
    const answer = await send(route, request);
    if (answer.statusCode >= 300) throw new Error(`${route}: ${answer.statusCode} ${answer.body}`);
    return answer.json();
  };

  /** Sends a request that must be refused, and answers `[status, code]`. */
  const refusal = async (route: string, request: ApiRequest = {}): Promise<[number, string]> => {
    const answer = await send(route, request);
    return [answer.statusCode, answer.json().code];
  };

  /** Until the read paths know what has been committed. */
  const untilBehaviour = async (name: string, on: boolean): Promise<void> => {
    while (changes.active.has(name) !== on) await new Promise((resolve) => setTimeout(resolve, 5));
  };

  const stop = async (): Promise<void> => {
    await app.close();
    await fleet?.stop();
    await stopAlerts();
    await changes.stop();
    await closeMonitoringPool(operatorPool);
    await (database ? database.drop() : pool.end());
  };

  return {
    alerts,
    app,
    ask,
    changes,
    clock,
    db,
    engine: engineOn(pool),
    observed,
    operator,
    operatorPool,
    pool,
    refusal,
    secret,
    send,
    stop,
    tokenOf,
    untilBehaviour,
  };
};

export type Api = Awaited<ReturnType<typeof startApi>>;

/** Rolls a step back with all that depends on it, as an operator does; until the read paths know. Returns which. */
export const rollBack = async (api: Api, step: number): Promise<number[]> => {
  const { steps } = await api.engine.rollbackStep(step, { ...asked, ...api.operator });
  const away = steps.map(({ step }) => step);
  await untilKnown(api, away, false);
  return away;
};

/** Re-applies a step, or all steps of a range; until the read paths know. */
export const reapply = async (api: Api, from: number, to = from): Promise<void> => {
  const { steps } = await api.engine.reapplySteps(from, to, { ...asked, ...api.operator });
  await untilKnown(
    api,
    steps.map(({ step }) => step),
    true,
  );
};

/** With every phrase: what a rollback demands of a person is not what these tests are about. */
const asked = {
  reason: "test",
  acknowledge: declaredChanges.flatMap(({ acknowledge }) => acknowledge ?? []),
  cascade: true,
};

const untilKnown = async (api: Api, steps: readonly number[], on: boolean): Promise<void> => {
  const parts = declaredChanges.filter(({ step }) => steps.includes(step)).flatMap(({ parts }) => parts);
  for (const name of parts.flatMap(({ behaviours }) => behaviours)) await api.untilBehaviour(name, on);
};
