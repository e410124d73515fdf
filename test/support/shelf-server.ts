import { type Clock, earlybird, Failure, problems, systemClock } from "@earlybird-ops/platform";
import { isDatabaseUnavailable } from "@earlybird-ops/platform/database";
import {
  DatabaseHealthChecker,
  type Fleet,
  MonitoringService,
  PerformanceMetrics,
  SystemMetrics,
} from "@earlybird-ops/platform/monitoring";
import fastify, { type InjectOptions } from "fastify";
import type pg from "pg";
import { createAlerts } from "./alerts.ts";
import { quiet } from "./delivery.ts";
import type { Shelf } from "./shelf.ts";

/** Who is known at the shelf, by their bearer token, and whether they may look or even move. */
const people: Record<string, { id: string; name: string; may: readonly string[] }> = {
  admin: { id: "u1", name: "Ada", may: ["operator", "admin"] },
  second: { id: "u4", name: "Ada", may: ["operator", "admin"] },
  operator: { id: "u2", name: "Olu", may: ["operator"] },
  reader: { id: "u3", name: "Rina", may: [] },
};

/**
 * The platform's routes on a shelf, for four people: `admin`, `second`, an admin of the same name, `operator` and
 * `reader`; and for any number who have registered themselves: `self 7 Ada` has the id s7 and the name Ada. Does not
 * listen. With a
 * `database`, made by `createMonitoringPool`, its alerts are kept there. With a `dataDir`, it has the releases in there.
 */
export const createShelfServer = async (
  { pool, manager }: Pick<Shelf, "pool" | "manager">,
  {
    clock = systemClock,
    fleet,
    database,
    dataDir,
  }: { clock?: Clock; fleet?: Fleet; database?: pg.Pool; dataDir?: string } = {},
) => {
  const monitoring = new MonitoringService({
    database: new DatabaseHealthChecker({ pool }),
    system: new SystemMetrics(),
    performance: new PerformanceMetrics(),
    log: quiet,
    clock,
  });
  const { alerts, dispatcher, stop } = await createAlerts(database && { database });
  const app = fastify();
  app.addHook("onClose", stop);
  const personOf = (authorization: string | undefined) => {
    const token = authorization?.replace("Bearer ", "") ?? "";
    const [, id, name] = /^self (\d+) (.*)$/.exec(token) ?? [];
    return id === undefined ? people[token] : { id: `s${id}`, name: decodeURIComponent(name ?? ""), may: [] };
  };
  await app.register(problems, { isDatabaseUnavailable });
  await app.register(earlybird, {
    monitoring,
    alerts,
    dispatcher,
    rollback: manager,
    fleet,
    ...(dataDir !== undefined && { releases: { dataDir } }),
    version: "0.0.0",
    authorize: async ({ headers }, role) => {
      const person = personOf(headers.authorization);
      if (!person) throw new Failure("EB_NO_LOGIN", 401, "No login.", "Log in.");
      if (!person.may.includes(role)) throw new Failure("EB_NO_RIGHT", 403, "No right.", "Ask an admin.");
      return person;
    },
    whoIs: async ({ headers }) => personOf(headers.authorization) ?? null,
  });
  await app.ready();

  /** Sends `"POST /api/..."`; without `as` nobody is logged in. */
  const send = async (route: string, as?: string, body?: unknown) => {
    const [method = "", url = ""] = route.split(" ");
    const answer = await app.inject({
      method: method as NonNullable<InjectOptions["method"]>,
      url,
      headers: as === undefined ? {} : { authorization: `Bearer ${as}` },
      ...(body !== undefined && { payload: body as object }),
    });
    return { status: answer.statusCode, type: answer.headers["content-type"], body: answer.json() };
  };
  return { alerts, app, monitoring, send };
};

export type ShelfServer = Awaited<ReturnType<typeof createShelfServer>>;
