import type pg from "pg";
import { afterAll, beforeAll, expect, test } from "vitest";
import { StandingClock } from "../../../test/support/clock.ts";
import { startProcess } from "../../../test/support/fleet.ts";
import { createShelf, type Shelf } from "../../../test/support/shelf.ts";
import { createShelfServer, type ShelfServer } from "../../../test/support/shelf-server.ts";
import { escapeMarkdown, markdownTable } from "../core/markdown.ts";
import { closeMonitoringPool, createMonitoringPool } from "../database/monitoring-pool.ts";
import { reportTimes } from "./times.ts";

test.each([
  ["| <script>alert(1)</script> |", "\\| \\<script\\>alert(1)\\</script\\> \\|"],
  ["a\n\n# heading\r\n| cell", "a \\# heading \\| cell"],
  ["![x](javascript:alert) `code`", "!\\[x\\](javascript:alert) \\`code\\`"],
  ["- list", "\\- list"],
  ["  12. list", "12\\. list"],
  ["&lt;b&gt; **bold** ~~gone~~", "\\&lt;b\\&gt; \\*\\*bold\\*\\* \\~\\~gone\\~\\~"],
  ["abc\u202edef\u0000", "abcdef"],
  ["back\\slash\\", "back\\\\slash\\\\"],
])("text of users is only text in Markdown: %j", (text, escaped) => {
  expect(escapeMarkdown(text)).toBe(escaped);
  expect(markdownTable(["a", "b"], [[text, "x"]]).split("\n")[2]).toBe(`| ${escaped} | x |`);
});

test("times are in the zone of the service and in UTC", () => {
  const india = reportTimes("Asia/Kolkata");
  expect(india.both("2026-03-10T06:00:00.400Z")).toBe("2026-03-10 11:30:00 IST (06:00:00 UTC)");
  expect(india.both("2026-03-10T20:00:00.000Z")).toBe("2026-03-11 01:30:00 IST (2026-03-10 20:00:00 UTC)");
  expect(reportTimes("UTC").both("2026-03-10T06:00:00.000Z")).toBe("2026-03-10 06:00:00 UTC");
});

const minuteMs = 60_000;
/** A whole minute, half an hour ago. */
const beganMs = (Math.floor(Date.now() / minuteMs) - 30) * minuteMs;
const at = (minutes: number) => new Date(beganMs + minutes * minuteMs).toISOString();
const reason = "wrong | prices <script>\n# Not a heading";

let shelf: Shelf;
let pool: pg.Pool;
let clock: StandingClock;
let server: ShelfServer;
let running: ReturnType<typeof startProcess>;

/** Ten minutes without failures, ten with one of five, ten without. */
const serve = async () => {
  const orders = running.performance.endpoint("GET", "/orders");
  for (let minute = 0; minute < 30; minute++) {
    const isBad = minute >= 10 && minute < 20;
    for (let n = 0; n < 10; n++) orders.record(isBad && n % 5 === 0 ? 503 : 200, isBad ? 80 : 20);
    if (isBad)
      running.fleet.recordError({ method: "GET", route: "/orders", status: 503, code: "EB_BUSY", step: 3 });
    clock.advanceMs(minuteMs);
    running.check();
  }
  await running.allWritten();
};

beforeAll(async () => {
  shelf = await createShelf();
  pool = createMonitoringPool(shelf.pool);
  clock = new StandingClock(at(0));
  running = startProcess(pool, clock);
  await serve();
  server = await createShelfServer(shelf, { fleet: running.fleet, database: pool });
  await shelf.manager.rollbackStep(3, {
    requestedBy: "Ada (u1)",
    origin: "test",
    reason,
    acknowledge: ["no rules"],
  });
  await shelf.pool.query(
    `update earlybird.operations set started_at = $1, finished_at = $2 where kind = 'rollback'`,
    [at(9), at(9.5)],
  );
  await shelf.pool.query(`
    update earlybird.operations set started_at = now() - interval '3 h', finished_at = now() - interval '3 h'
      where kind = 'apply'`);
  const { id } = server.alerts.raise({
    type: "CUSTOM",
    key: "loans",
    severity: "critical",
    message: "Loans *fail*.",
    details: { route: "POST /loans" },
  });
  await server.alerts.acknowledge({ id, author: "Olu", note: "on it | now" });
  server.alerts.tick();
  await server.alerts.settled();
});

afterAll(async () => {
  await server?.app.close();
  await running?.fleet.stop();
  await closeMonitoringPool(pool);
  await shelf?.drop();
});

const report = async (query: string, as = "operator") => {
  const url = `/api/incidents/report${query}`;
  const { statusCode, headers, body } = await server.app.inject({
    url,
    headers: { authorization: `Bearer ${as}` },
  });
  return { status: statusCode, headers, body };
};
/** The text below a heading. */
const section = (body: string, heading: string) =>
  body.split(/^## /m).find((each) => each.startsWith(heading)) ?? "";

test("the report says what fired, what changed, and how the traffic was", async () => {
  const { status, headers, body } = await report(`?from=${at(10)}&to=${at(20)}`);
  expect(status).toBe(200);
  expect(headers["content-type"]).toBe("text/markdown; charset=utf-8");
  expect(headers["content-disposition"]).toMatch(/^attachment; filename="incident-[\dT-]+Z\.md"$/);
  expect(body).toContain("In 10 min: 0 alerts fired; 20 % of 100 requests failed, against 0 % before.");
  const traffic = section(body, "Traffic")
    .split("\n")
    .filter((line) => line.startsWith("| "));
  expect(traffic.slice(2).map((line) => line.split(" | ").toSpliced(1, 2).join(" "))).toEqual([
    expect.stringMatching(/^\| before 100 0 0 % [\d.]+ ms \|$/),
    expect.stringMatching(/^\| during 100 20 20 % [\d.]+ ms \|$/),
    expect.stringMatching(/^\| after 100 0 0 % [\d.]+ ms \|$/),
  ]);
  expect(section(body, "Failed requests")).toContain("| GET /orders | 503 | EB\\_BUSY | 3 | 10 |");
});

test("the report of an alert has its notifications, the operation with its receipt, suspects and the timeline", async () => {
  const { body } = await report(`?from=${at(0)}`);
  expect(body).toMatch(
    /^In .*: 1 alert fired, 1 of them critical, and 1 still fires; 1 operation ran; 1 instance started;/m,
  );
  expect(section(body, "What fired")).toContain("### critical: Loans \\*fail\\*.");
  expect(section(body, "What fired")).toMatch(/^- Acknowledged by Olu at .*: “on it \\\| now”$/m);
  expect(section(body, "What fired")).toMatch(/^- Notified: log: /m);
  const escaped = "wrong \\| prices \\<script\\> \\# Not a heading";
  expect(section(body, "What changed")).toContain(`Step 3 was rolled back. By Ada (u1): “${escaped}”.`);
  expect(section(body, "Operations")).toContain(`- Reason: “${escaped}”`);
  expect(section(body, "Operations")).toMatch(/^Step 3: .* The transaction took \d+ ms\.$/m);
  expect(section(body, "Suspects")).toContain("Step 3 affects POST /loans, the route of this alert.");
  const timeline = section(body, "Timeline")
    .split("\n")
    .filter((line) => line.startsWith("|"));
  expect(timeline).toHaveLength(2 + 3);
  // An unescaped bar would make one more cell.
  for (const line of timeline) expect(line.split(/(?<!\\)\|/)).toHaveLength(9);
  expect(body).not.toMatch(/(?<!\\)<script/);
  expect(body).not.toContain("incomplete");
});

test("only operators get it, and what cannot be read is named", async () => {
  expect((await report("", "reader")).status).toBe(403);
  expect((await report("?from=2026-01-01T00:00:00Z&to=2026-07-01T00:00:00Z")).status).toBe(400);
  await shelf.pool.query("alter table earlybird.operations rename to operations_away");
  const { status, body } = await report("");
  await shelf.pool.query("alter table earlybird.operations_away rename to operations");
  expect(status).toBe(200);
  expect(body).toMatch(
    /^This report is incomplete\. Not read: .*operations.*the timeline of kind operation/m,
  );
});
