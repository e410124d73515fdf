import { afterAll, beforeAll, describe, expect, test } from "vitest";
import { StandingClock } from "../../../../test/support/clock.ts";
import { createShelf, type Shelf } from "../../../../test/support/shelf.ts";
import { createShelfServer, type ShelfServer } from "../../../../test/support/shelf-server.ts";
import { EventQueue } from "../operations/event-queue.ts";
import { fingerprint } from "../preview/fingerprint.ts";
import { RefusalSummary } from "./refusal-summary.ts";

let shelf: Shelf;
let server: ShelfServer;
beforeAll(async () => {
  shelf = await createShelf();
  server = await createShelfServer(shelf);
});
afterAll(async () => {
  await server?.app.close();
  await shelf?.drop();
});

const post = (path: string, body?: unknown, as = "admin") =>
  server.send(`POST /api/rollback${path}`, as, body);
const get = (path: string, as = "operator") => server.send(`GET /api/rollback${path}`, as);
const newest = async () => (await shelf.manager.readLedger({ limit: 1 }))[0];

const looking = [
  "/status",
  "/steps",
  "/steps/2",
  "/steps/2/preview",
  "/operations",
  "/operations/1",
  "/operations/1/events",
  "/parked",
  "/approvals",
  "/audit",
].map((path) => `GET /api/rollback${path}`);
const moving: [string, string, number[]][] = [
  ["/steps/2/dry-run", "dry-run", [2]],
  ["/steps/2/rollback", "rollback", [2]],
  ["/steps/2/reapply", "reapply", [2]],
  ["/range", "range", []],
  ["/operations/1/resume", "resume", []],
  ["/operations/1/abort", "abort", []],
  ["/prove", "prove", []],
  ["/parked/2/purge", "purge", [2]],
  ["/approvals/1/approve", "approve", []],
  ["/approvals/1/withdraw", "withdraw", []],
  ["/steps/2/until", "until", [2]],
];

describe("permissions", () => {
  test.each(looking)("%s is for operators", async (route) => {
    expect(await server.send(route)).toMatchObject({ status: 401, body: { code: "EB_NO_LOGIN" } });
    expect(await server.send(route, "reader")).toMatchObject({ status: 403, body: { code: "EB_NO_RIGHT" } });
  });

  test.each(moving)(
    "POST %s is for admins, and an operator who attempts it is named in the ledger",
    async (path, action, steps) => {
      const before = await newest();
      expect(await server.send(`POST /api/rollback${path}`, undefined, { reason: "x" })).toMatchObject({
        status: 401,
      });
      expect(await newest()).toEqual(before);
      for (const as of ["reader", "operator"]) {
        expect(await post(path, { reason: "x" }, as)).toMatchObject({
          status: 403,
          body: { code: "EB_NO_RIGHT" },
        });
      }
      expect(await newest()).toMatchObject({
        action: `${action}.refused`,
        operator: "Olu (u2)",
        origin: "http 127.0.0.1",
        steps,
        result: { code: "EB_NO_RIGHT" },
      });
    },
  );

  test("an operator who is refused again and again does not fill the ledger", async () => {
    const still = await createShelfServer(shelf, { clock: new StandingClock("2026-03-10T06:00:00Z") });
    const before = (await newest())?.seq ?? 0;
    for (let time = 0; time < 40; time++)
      await still.send("POST /api/rollback/steps/3/rollback", "operator", {});
    expect(((await newest())?.seq ?? 0) - before).toBe(30);
    await still.app.close();
  });

  test("ten accounts without any right make one entry at once, one a minute after that, and one alert", async () => {
    const clock = new StandingClock("2026-03-10T06:00:00Z");
    const crowded = await createShelfServer(shelf, { clock });
    const attempt = (person: number, name: string, step = 2) =>
      crowded.send(`POST /api/rollback/steps/${step}/rollback`, `self ${person} ${encodeURIComponent(name)}`);
    const entriesSince = async (seq: number) =>
      (await shelf.manager.readLedger({ limit: 50 })).filter((entry) => entry.seq > seq).reverse();
    const before = (await newest())?.seq ?? 0;
    const evil = `<!channel> *bold* \u202e\n"Ada (u1)" \`x\`${"x".repeat(80)}`;
    for (let n = 0; n < 30; n++) {
      expect(await attempt(n % 10, evil)).toMatchObject({ status: 403 });
    }
    const [first, ...none] = await entriesSince(before);
    const shown = `"??channel? ?bold? ?Ada (u1)? ?x?${"x".repeat(27)}…"`;
    expect(none).toEqual([]);
    expect(first).toMatchObject({ action: "rollback.refused", operator: `${shown} (s0)`, steps: [2] });
    const alerts = () => crowded.alerts.active().filter(({ key }) => key.startsWith("unauthorized"));
    await expect.poll(alerts).toMatchObject([{ details: { attempts: 30 } }]);
    const [alert] = alerts();
    const named = [0, 1, 2, 3, 4].map((n) => `${shown} (s${n})`).join(", ");
    expect(alert).toMatchObject({
      key: "unauthorized access",
      message: expect.stringMatching(/^10 accounts attempted 30 times /),
      details: { accounts: 10, names: `${named} and 5 more` },
    });

    clock.advanceMs(60_000);
    await expect.poll(() => entriesSince(before), { timeout: 5_000 }).toHaveLength(2);
    expect(await newest()).toMatchObject({
      action: "refusals.summary",
      operator: "10 people without permission",
      result: {
        attempts: 29,
        people: 10,
        names: expect.arrayContaining([`${shown} (s9)`]),
        by_attempt: { rollback: 29 },
        by_code: { EB_NO_RIGHT: 29 },
      },
    });
    await attempt(12, "Last");
    await crowded.app.close();
    expect(await newest()).toMatchObject({
      action: "refusals.summary",
      operator: '"Last" (s12)',
      origin: "http 127.0.0.1",
      result: { attempts: 1, people: 1, names: ['"Last" (s12)'], addresses: 1 },
    });
  });
});

test("refusals that cannot be recorded are part of the next summary", async () => {
  const clock = new StandingClock("2026-03-10T06:00:00Z");
  const logged: unknown[] = [];
  const summary = new RefusalSummary({
    record: (event) => shelf.manager.recordEvent(event),
    clock,
    log: { error: (line: unknown) => void logged.push(line) },
  });
  const refused = {
    person: "s1",
    requestedBy: '"Eve" (s1)',
    origin: "http ::1",
    attempt: "range",
    code: "EB_NO",
  };
  expect([summary.counts(refused), summary.counts(refused)]).toEqual([false, true]);
  await shelf.pool.query("alter table earlybird.ledger rename to away");
  clock.advanceMs(60_000);
  expect(summary.counts({ ...refused, code: "EB_LATE" })).toBe(true);
  await expect.poll(() => logged).toMatchObject([{ refusals: { attempts: 1 } }]);
  await shelf.pool.query("alter table earlybird.away rename to ledger");
  await summary.close();
  const { attempts, from, to } = {
    attempts: 2,
    from: "2026-03-10T06:00:00.000Z",
    to: "2026-03-10T06:01:00.000Z",
  };
  expect(await newest()).toMatchObject({
    operator: '"Eve" (s1)',
    result: { attempts, from, to, people: 1, by_code: { EB_NO: 1, EB_LATE: 1 } },
  });
});

test("mutes that could hide an attack are in the ledger, also those made while it cannot be written", async () => {
  const muting = await createShelfServer(shelf);
  const mute = (type: string, duration_seconds: number) =>
    muting.send("POST /api/alerts/mute", "operator", { type, duration_seconds, reason: "a drill" });
  const before = await newest();
  expect(await mute("HIGH_CPU", 3_600)).toMatchObject({ status: 200 });
  const { body } = await mute("SECURITY_ALERT", 60);
  await expect.poll(newest).toMatchObject({
    seq: (before?.seq ?? 0) + 1,
    action: "mute",
    operator: "Olu (u2)",
    origin: "http 127.0.0.1",
    reason: "a drill",
    at: body.muted_at,
    result: { type: "SECURITY_ALERT", until: body.until },
  });
  await shelf.pool.query("alter table earlybird.ledger rename to away");
  expect(await mute("HIGH_CPU", 3_601)).toMatchObject({ status: 200 });
  expect(await mute("ALL", 60)).toMatchObject({ status: 200 });
  await shelf.pool.query("alter table earlybird.away rename to ledger");
  await muting.app.close();
  const written = (await shelf.manager.readLedger({ limit: 2 })).map(({ result }) => result);
  expect(written).toMatchObject([{ type: "ALL" }, { type: "HIGH_CPU" }]);
});

test("an event that has to wait is in the log, and in the ledger when that can be written again", async () => {
  const logged: unknown[] = [];
  const queue = new EventQueue({
    record: (event) => shelf.manager.recordEvent(event),
    log: { error: (line: unknown) => void logged.push(line) },
    retryMs: 10,
  });
  await shelf.pool.query("alter table earlybird.ledger rename to away");
  queue.add({ action: "waiting", operator: "Olu (u2)", origin: "test", at: new Date() });
  await expect.poll(() => logged).toMatchObject([{ event: { action: "waiting" } }]);
  await shelf.pool.query("alter table earlybird.away rename to ledger");
  await expect.poll(newest).toMatchObject({ action: "waiting" });
  expect(logged).toHaveLength(1);
});

describe("reading", () => {
  test("shows the status of all steps and of each step", async () => {
    const { body } = await get("/status");
    expect(body).toMatchObject({
      steps: { applied: 3, rolled_back: 0 },
      operation: { kind: "apply", state: "completed" },
    });
    expect(body.ledger_head).toEqual((await shelf.manager.verifyLedger()).head);
    expect((await get("/steps")).body).toEqual(await shelf.manager.getStatus());
    expect((await get("/steps/1")).body).toMatchObject({
      step: 1,
      can_rollback: false,
      blocked_by: [2],
      operations: [{ kind: "apply", steps: [1, 2, 3] }],
      cascade: { steps: [2, 1], acknowledge: [] },
    });
    expect((await get("/steps/3")).body).toMatchObject({
      cascade: { steps: [3], acknowledge: ["no rules"] },
      while_rolled_back: "Loans can have no title.",
      affects: { routes: ["POST /loans"], alerts: ["CUSTOM"] },
    });
    expect(await get("/steps/3/preview")).toMatchObject({ status: 200, body: { step: 3, complete: true } });
  });

  test.each([
    ["/steps/9", 404, "EB_STEP_UNKNOWN"],
    ["/steps/two", 400, "EB_INVALID_REQUEST"],
    ["/operations/77", 404, "EB_OPERATION_UNKNOWN"],
    ["/operations/x", 404, "EB_OPERATION_UNKNOWN"],
    ["/operations/77/events", 404, "EB_OPERATION_UNKNOWN"],
    ["/operations?limit=0", 400, "EB_INVALID_REQUEST"],
    ["/audit?before=last", 400, "EB_INVALID_REQUEST"],
  ])("%s answers %i %s", async (path, status, code) => {
    expect(await get(path)).toMatchObject({
      status,
      body: { code },
      type: expect.stringContaining("problem+json"),
    });
  });
});

describe("moving", () => {
  test("a dry run without a body is that of a rollback, and changes nothing", async () => {
    const before = await fingerprint(shelf.db);
    const { status, body } = await post("/steps/2/dry-run");
    expect(status).toBe(200);
    expect(await fingerprint(shelf.db)).toEqual(before);
    const { steps, plan } = await shelf.manager.dryRunRollback(2);
    expect(body).toMatchObject({
      operation: { kind: "rollback", steps: [2], dry_run: true },
      executed: true,
      plan,
    });
    expect(body.steps[0].rows).toEqual(steps[0]?.rows);
    expect(Object.keys(body.steps[0])).toEqual(Object.keys(steps[0] ?? {}));
  });

  test("a rollback and a re-apply, by plan, under the name of the login", async () => {
    const { body: plan } = await post("/steps/2/dry-run");
    const asked = { reason: "practice", plan: plan.plan.hash };
    const { status, body } = await post("/steps/2/rollback", asked);
    expect(status).toBe(200);
    expect(body.operation).toMatchObject({
      kind: "rollback",
      state: "completed",
      requested_by: "Ada (u1)",
      reason: "practice",
    });
    expect(body.ledger_head).toMatchObject({
      seq: expect.any(Number),
      hash: expect.stringMatching(/^[0-9a-f]{64}$/),
    });
    expect(await newest()).toMatchObject({
      action: "rollback",
      operator: "Ada (u1)",
      origin: "http 127.0.0.1",
      plan: asked.plan,
    });
    expect((await get("/status")).body.steps).toEqual({ applied: 2, rolled_back: 1 });
    expect((await get(`/operations/${body.operation.id}`)).body).toMatchObject({
      receipts: [{ step: 2 }],
      kept_values: [],
    });
    expect((await post("/steps/2/rollback", { reason: "again" })).body).toMatchObject({
      operation: null,
      steps: [],
    });
    expect((await post("/steps/2/dry-run", { direction: "reapply" })).body).toMatchObject({
      operation: { kind: "reapply" },
    });
    expect((await post("/steps/2/reapply")).body.operation.state).toBe("completed");
    expect((await get("/operations?limit=1")).body.operations).toMatchObject([{ kind: "reapply" }]);
  });

  test("a range, either end first, rehearsed and then carried out", async () => {
    const range = { from: 3, to: 1, reason: "x", acknowledge: "no rules" };
    const { body: rehearsed } = await post("/range", { ...range, dry_run: true });
    expect(rehearsed).toMatchObject({ operation: { steps: [3, 2, 1], dry_run: true } });
    const { body: done } = await post("/range", { ...range, plan: rehearsed.plan.hash });
    expect(done.steps).toHaveLength(3);
    const { body: redone } = await post("/range", { from: 1, to: 3, direction: "reapply" });
    expect(redone.operation).toMatchObject({ steps: [1, 2, 3], state: "completed" });
  });

  test("parked values are listed, and destroyed only with a reason and the phrase", async () => {
    await post("/steps/2/rollback", { reason: "x" });
    const { parked } = (await get("/parked")).body;
    expect(parked).toMatchObject([
      { step: 2, parked: expect.arrayContaining([expect.objectContaining({ rows: 4 })]) },
    ]);
    const refused = await post("/parked/2/purge", { reason: "x", acknowledge: ["lose"] });
    expect(refused).toMatchObject({
      status: 428,
      body: { code: "EB_PURGE_NOT_ACKNOWLEDGED", acknowledge: "lose step 2" },
    });
    const { body } = await post("/parked/2/purge", { reason: "x", acknowledge: ["lose step 2"] });
    expect(body).toMatchObject({
      step: 2,
      purged: [{ table: "loans", action: "purged", rows: 4 }, expect.anything()],
    });
    await post("/steps/2/reapply");
    expect(await post("/parked/2/purge", { reason: "x" })).toMatchObject({
      body: { code: "EB_NOTHING_PARKED" },
    });
  });

  test("a proof returns its certificate", async () => {
    expect(await post("/prove", { from: 2, to: 3 })).toMatchObject({
      status: 200,
      body: { steps: [3, 2], proven: true, differences: [] },
    });
    expect(await newest()).toMatchObject({ action: "prove", result: { proven: true } });
  });
});

describe("a refusal is that of the engine, and is in the ledger", () => {
  test.each<[string, unknown, number, string, number[]]>([
    ["/steps/1/rollback", {}, 409, "EB_STEP_HAS_DEPENDENTS", [1]],
    ["/steps/2/rollback", {}, 428, "EB_REASON_MISSING", [2]],
    ["/steps/3/rollback", { reason: "x" }, 428, "EB_ACKNOWLEDGEMENT_MISSING", [3]],
    ["/steps/3/rollback", { reason: "x", acknowledge: "No rules" }, 428, "EB_ACKNOWLEDGEMENT_WRONG", [3]],
    ["/steps/2/rollback", { reason: "x", plan: "00" }, 409, "EB_PLAN_STALE", [2]],
    ["/range", { from: 1, to: 1 }, 409, "EB_RANGE_HAS_GAP", [1]],
    ["/operations/1/resume", {}, 409, "EB_NOTHING_TO_RESUME", []],
    ["/operations/77/abort", {}, 404, "EB_OPERATION_UNKNOWN", []],
    // These never come to the engine.
    ["/steps/9/rollback", {}, 404, "EB_STEP_UNKNOWN", [9]],
    ["/range", { from: 1, to: 9 }, 404, "EB_STEP_UNKNOWN", []],
    ["/steps/2/rollback", { reason: "x", dry_run: true }, 400, "EB_INVALID_REQUEST", [2]],
    ["/steps/2/rollback", { reason: 7 }, 400, "EB_INVALID_REQUEST", [2]],
    ["/steps/2/reapply", { on_conflict: "ask" }, 400, "EB_INVALID_REQUEST", [2]],
  ])("POST %s %j", async (path, body, status, code, steps) => {
    const before = await fingerprint(shelf.db);
    const refused = await post(path, body);
    expect(refused).toMatchObject({ status, body: { code, remedy: expect.stringMatching(/\w/) } });
    expect(refused.type).toContain("application/problem+json");
    expect(await fingerprint(shelf.db)).toEqual(before);
    const entry = await newest();
    expect(entry).toMatchObject({ operator: "Ada (u1)", origin: "http 127.0.0.1", steps, result: { code } });
    expect(entry?.action).toMatch(/\.refused$/);
  });

  test("an invalid dry run is refused without a ledger entry", async () => {
    const before = await newest();
    expect(await post("/steps/9/dry-run")).toMatchObject({ status: 404 });
    expect(await post("/steps/1/dry-run")).toMatchObject({
      status: 409,
      body: { code: "EB_STEP_HAS_DEPENDENTS" },
    });
    expect(await newest()).toEqual(before);
  });
});

describe("the audit", () => {
  test("returns the ledger in pages, newest first, and verifies it", async () => {
    const { body } = await get("/audit?limit=2");
    expect(body).toMatchObject({ verified: true, faults: [] });
    expect(body.entries[0]).toMatchObject({ seq: body.head.seq, hash: body.head.hash });
    const older = await get(`/audit?limit=2&before=${body.entries[1].seq}`);
    expect(older.body.entries[0].seq).toBe(body.entries[1].seq - 1);
  });

  test("notices at once that an old entry was edited, also with the head untouched", async () => {
    const { body: before } = await get("/audit?limit=1");
    await shelf.pool.query(`begin; alter table earlybird.ledger disable trigger all;
      update earlybird.ledger set entry = replace(entry, 'test', 'nobody') where seq = 1;
      alter table earlybird.ledger enable trigger all; commit`);
    const { body } = await get("/audit?limit=1");
    expect(body).toMatchObject({ verified: false, faults: ["Entry 1 was edited."], head: before.head });
  });
});
