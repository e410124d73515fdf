import type pg from "pg";
import { afterAll, beforeAll, expect, test } from "vitest";
import { StandingClock } from "../../../test/support/clock.ts";
import { startProcess } from "../../../test/support/fleet.ts";
import { createShelf, type Shelf } from "../../../test/support/shelf.ts";
import { createShelfServer, type ShelfServer } from "../../../test/support/shelf-server.ts";
import { closeMonitoringPool, createMonitoringPool } from "../database/monitoring-pool.ts";
import type { TimelineEntry, TimelinePage } from "./entry.ts";

const now = new Date();
const minutesAgo = (minutes: number) => new Date(now.getTime() - minutes * 60_000);
const by = { requestedBy: "Ada (u1)", origin: "test", reason: "practice", acknowledge: ["no rules"] };

let shelf: Shelf;
let pool: pg.Pool;
let server: ShelfServer;
let process: ReturnType<typeof startProcess>;

beforeAll(async () => {
  shelf = await createShelf();
  pool = createMonitoringPool(shelf.pool);
  process = startProcess(pool, new StandingClock(minutesAgo(50).toISOString()));
  server = await createShelfServer(shelf, { fleet: process.fleet, database: pool });
  await process.allWritten();
  await shelf.manager.rollbackStep(3, by);
  await server.alerts.mute({ type: "CUSTOM", duration_seconds: 600, author: "Olu", reason: "known" });
  await server.alerts.unmute({ type: "CUSTOM", author: "Ada" });
  await server.alerts.mute({ type: "HIGH_CPU", duration_seconds: 600, author: "Olu" });
});

afterAll(async () => {
  await server?.app.close();
  await process?.fleet.stop();
  await shelf?.drop();
});

/** Ten at a time fire in the same millisecond. */
const fire = (ids: readonly string[], { at = minutesAgo(30), key = "", resolved = true } = {}) =>
  shelf.pool.query(
    `insert into earlybird.alert_history
       (id, type, key, severity, state, message, details, fired_at, resolved_at, instance, decisions, attempts)
     select id, 'CUSTOM', coalesce(nullif($3, ''), id), 'error', 'resolved', 'Loans fail.', '{}',
       $2::timestamptz - make_interval(secs => (n / 10)::int), case when $4 then $2::timestamptz + interval '5 min' end,
       'test', '[]', '[]'
     from unnest($1::text[]) with ordinality as given (id, n)`,
    [ids, at, key, resolved],
  );

const read = async (query = "", as: string | undefined = "operator") => {
  const { status, body } = await server.send(`GET /api/timeline${query}`, as);
  return { status, ...(body as TimelinePage & { code?: string }) };
};
const idsOf = (entries: readonly TimelineEntry[]) => entries.map(({ id }) => id);

test("the timeline has operations, mutes and starts, newest first, for operators", async () => {
  const page = await read();
  expect(page).toMatchObject({ status: 200, next_cursor: null, missing: [] });
  expect(Date.parse(page.to) - Date.parse(page.from)).toBe(86_400_000);
  const [rollback] = page.entries.filter(({ kind }) => kind === "operation");
  expect(rollback).toMatchObject({
    title: "Step 3 was rolled back.",
    by: "Ada (u1)",
    reason: "practice",
    severity: null,
    ended_at: expect.any(String),
    ref: { steps: [3] },
  });
  expect(rollback?.id).toBe(`operation:${rollback?.ref.operation}`);
  const mutes = page.entries.filter(({ kind }) => kind === "mute");
  expect(mutes).toMatchObject([
    { title: "HIGH_CPU alerts were muted for 10 min.", by: "Olu", ended_at: null },
    {
      title: expect.stringMatching(/^CUSTOM alerts were muted for 10 min\. Ada ended the mute after /),
      ended_at: expect.any(String),
    },
  ]);
  const [start] = page.entries.filter(({ kind }) => kind === "instance");
  expect(start).toMatchObject({
    at: minutesAgo(50).toISOString(),
    ended_at: null,
    title: expect.stringMatching(/ started with version 1\.2\.3\.$/),
    ref: { version: "1.2.3" },
  });
  expect(page.entries.map(({ at }) => at)).toEqual(
    page.entries
      .map(({ at }) => at)
      .toSorted()
      .toReversed(),
  );
  expect(await read("", "reader")).toMatchObject({ status: 403 });
  expect((await server.send("GET /api/timeline")).status).toBe(401);
});

test("pages neither repeat nor lose an entry while others begin", async () => {
  await fire(Array.from({ length: 45 }, (_, n) => `a${n}`));
  const all = await read("?limit=500");
  const paged: string[] = [];
  let query = "?limit=7";
  for (let pages = 0; query !== ""; pages++) {
    const page = await read(query);
    paged.push(...idsOf(page.entries));
    query = page.next_cursor === null ? "" : `?limit=7&cursor=${page.next_cursor}`;
    await fire([`late${pages}`], { at: new Date() });
  }
  expect(paged).toEqual(idsOf(all.entries));
  expect(paged.length).toBeGreaterThan(45);
});

test("an alert that several instances raised is listed once, and kinds can be chosen", async () => {
  await fire(["first"], { at: minutesAgo(60), key: "twice" });
  await fire(["second"], { at: minutesAgo(58), key: "twice" });
  await fire(["again"], { at: minutesAgo(52), key: "twice", resolved: false });
  const from = `from=${minutesAgo(61).toISOString()}&to=${minutesAgo(51).toISOString()}`;
  const { entries } = await read(`?${from}&kinds=alert,operation`);
  expect(idsOf(entries)).toEqual(["alert:again", "alert:first"]);
  expect(entries).toMatchObject([{ ended_at: null, severity: "error", ref: { alert: "again" } }, {}]);
  expect(idsOf((await read("?kinds=instance")).entries)).toHaveLength(1);
});

test("a period of more than 90 days and a foreign cursor are refused", async () => {
  expect(await read("?from=2026-01-01T00:00:00Z&to=2026-07-01T00:00:00Z")).toMatchObject({
    status: 400,
    code: "EB_PERIOD",
  });
  expect(await read("?from=2026-02-01T00:00:00Z&to=2026-01-01T00:00:00Z")).toMatchObject({ status: 400 });
  expect(await read("?cursor=1")).toMatchObject({ status: 422, code: "EB_TIMELINE_CURSOR" });
  expect(await read("?kinds=orders")).toMatchObject({ status: 400 });
});

test("a service without a fleet and without shared alerts has the parts that it has", async () => {
  const small = await createShelfServer(shelf);
  const { id } = small.alerts.raise({ type: "CUSTOM", key: "k", message: "Loans fail." });
  await small.alerts.mute({ type: "CUSTOM", key: "k", duration_seconds: 60, author: "Olu", reason: "known" });
  const { body } = await small.send("GET /api/timeline", "operator");
  await small.app.close();
  const { entries, missing } = body as TimelinePage;
  expect(missing).toEqual([]);
  expect(new Set(entries.map(({ kind }) => kind))).toEqual(new Set(["mute", "alert", "operation"]));
  expect(idsOf(entries)).toContain(`alert:${id}`);
});

test("what cannot be read is named", async () => {
  await shelf.pool.query("alter table earlybird.operations rename to operations_away");
  const without = await read();
  await shelf.pool.query("alter table earlybird.operations_away rename to operations");
  expect(without).toMatchObject({ status: 200, missing: ["operation"] });
  expect(idsOf(without.entries)).toContain("alert:a1");
  await closeMonitoringPool(pool);
  const { status, missing, entries } = await read();
  expect({ status, missing: missing.toSorted() }).toEqual({
    status: 200,
    missing: ["alert", "instance", "mute"],
  });
  // The alerts of this process and the mutes in force are known without the database.
  expect(entries.map(({ kind }) => kind)).toEqual(["alert", "mute", "operation", "operation"]);
});
