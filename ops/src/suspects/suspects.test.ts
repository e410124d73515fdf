import { afterAll, beforeAll, describe, expect, test } from "vitest";
import { createShelf, type Shelf } from "../../../test/support/shelf.ts";
import { createShelfServer, type ShelfServer } from "../../../test/support/shelf-server.ts";
import type { InstanceStart } from "../monitoring/index.ts";
import type { RollbackOperation } from "../rollback/index.ts";
import { operationTiming } from "./evidence.ts";
import { beginningOf } from "./investigate.ts";
import { type Situation, suspectsOf } from "./suspects.ts";

const at = (time: string) => `2026-03-10T${time}.000Z`;
const operation: RollbackOperation = {
  id: "12",
  kind: "rollback",
  steps: [23],
  state: "completed",
  requested_by: "Ada (u1)",
  origin: "test",
  reason: "wrong prices",
  plan: null,
  until: null,
  started_at: at("05:55:00"),
  finished_at: at("05:56:00"),
};

test.each<[Partial<RollbackOperation>, string]>([
  [{}, "Step 23 was rolled back 4 min before the alert fired."],
  [{ kind: "reapply", steps: [22, 23] }, "Steps 22, 23 were re-applied 4 min before the alert fired."],
  [{ finished_at: at("06:00:00") }, "Step 23 was rolled back when the alert fired."],
  [
    { state: "running", finished_at: null },
    "The rollback of step 23 began 5 min before the alert fired and was running then.",
  ],
  [
    { finished_at: at("06:01:00") },
    "The rollback of step 23 began 5 min before the alert fired and was running then.",
  ],
  [{ state: "failed" }, "The rollback of step 23 failed 4 min before the alert fired."],
  [{ state: "interrupted" }, "The rollback of step 23 was interrupted 4 min before the alert fired."],
])("the timing of an operation %j: %s", (change, sentence) => {
  expect(operationTiming({ ...operation, ...change }, at("06:00:00"))).toBe(sentence);
});

const start = (host: string, started: string, version: string): InstanceStart => ({
  id: host,
  name: `${host} (process 7)`,
  host,
  version,
  started_at: at(started),
  ended_at: null,
  state: "running",
});
const lost = (host: string, started: string, ended: string, version: string): InstanceStart => ({
  ...start(host, started, version),
  ended_at: at(ended),
  state: "lost",
});
const situation: Situation = {
  alert: { type: "BILLING_FAILURE", details: { route: "POST /api/billing" }, fired_at: at("06:00:00") },
  raisedBy: "web-2 (process 7)",
  operations: [],
  changes: [
    {
      step: 23,
      affects: { routes: ["POST /api/billing"], alerts: ["BILLING_FAILURE"] },
      whileRolledBack: "Less is billed.",
    },
    { step: 25, affects: { routes: ["POST /api/orders"], alerts: [] } },
  ],
  standing: [],
  starts: [],
  earlier: [],
  from: new Date(at("05:00:00")),
};

test("an operation comes with its timing, the declared effects of its steps, and who requested it", () => {
  expect(suspectsOf({ ...situation, operations: [{ ...operation, steps: [23, 25] }] })).toEqual([
    {
      kind: "operation",
      operation: "12",
      action: "rollback",
      steps: [23, 25],
      at: at("05:56:00"),
      declared: true,
      evidence: [
        "Steps 23, 25 were rolled back 4 min before the alert fired.",
        "Step 23 affects POST /api/billing, the route of this alert.",
        "Step 23 affects BILLING_FAILURE alerts.",
        "While step 23 is rolled back: Less is billed.",
        'Ada (u1) requested operation 12: "wrong prices".',
      ],
    },
  ]);
});

test("declared effects come first, then the latest; an operation without one says so", () => {
  const operations = [
    { ...operation, id: "14", steps: [25], reason: null, finished_at: at("05:59:00") },
    { ...operation, id: "13", steps: [25], finished_at: at("05:58:00") },
    operation,
  ];
  const suspects = suspectsOf({ ...situation, operations });
  expect(suspects.map((suspect) => "operation" in suspect && suspect.operation)).toEqual(["12", "14", "13"]);
  expect(suspects[1]).toMatchObject({
    declared: false,
    evidence: [
      "Step 25 was rolled back 1 min before the alert fired.",
      "It declares no effect on BILLING_FAILURE alerts.",
      "Ada (u1) requested operation 14.",
    ],
  });
});

test("an instance that started is compared with those before it", () => {
  const starts = [start("web-2", "05:57:00", "1.2.0")];
  const evidence = (earlier: InstanceStart[]) =>
    suspectsOf({ ...situation, starts, earlier }).map((suspect) => suspect.evidence);
  expect(suspectsOf({ ...situation, starts, earlier: [start("web-1", "04:00:00", "1.1.0")] })).toEqual([
    {
      kind: "instance",
      instance: "web-2 (process 7)",
      version: "1.2.0",
      at: at("05:57:00"),
      declared: false,
      evidence: [
        "Instance web-2 (process 7) started 3 min before the alert fired, with version 1.2.0.",
        "Instances that started earlier ran 1.1.0.",
        "No earlier instance of the last 90 days ran 1.2.0.",
        "It raised the alert.",
      ],
    },
  ]);
  const ended = [
    lost("web-1", "04:00:00", "04:30:00", "1.1.0"),
    lost("web-1", "03:00:00", "03:30:00", "1.2.0"),
  ];
  expect(evidence(ended)[0]?.[1]).toBe("The last instance before ran 1.1.0.");
  expect(evidence(ended)[0]).toHaveLength(3);
  expect(evidence([])[0]).toHaveLength(2);
});

test("a crash loop is one suspect, and so are several instances of ten hosts at most", () => {
  const starts = Array.from({ length: 1_000 }, (_, n) =>
    lost(
      "web-2",
      `05:${String(59 - Math.floor(n / 17)).padStart(2, "0")}:${String(50 - 2 * (n % 17))}`,
      "06:00:00",
      "1.2.0",
    ),
  );
  expect(suspectsOf({ ...situation, starts }).map(({ evidence }) => evidence)).toEqual([
    [
      "Instance web-2 (process 7) started 10 s before the alert fired, with version 1.2.0.",
      "It was the last of 1000 starts on this host.",
      "999 of those before it did not stop cleanly.",
      "It raised the alert.",
    ],
  ]);
  const hosts = Array.from({ length: 30 }, (_, n) => start(`web-${n}`, "05:50:00", "1.2.0"));
  expect(suspectsOf({ ...situation, starts: hosts })).toHaveLength(10);
});

test("a release that moved traffic is one suspect, with its last move first", () => {
  const move = {
    ...{ release: "20260310-1", from: "1.4.0", to: "2.0.0" },
    ...{ requested_by: "Asha", reason: "prices by weight" },
  };
  const moves = [
    { ...move, at: at("05:56:00"), before: 1, percent: 10 },
    { ...move, at: at("05:50:00"), before: 0, percent: 1 },
  ];
  expect(suspectsOf({ ...situation, moves })).toEqual([
    {
      kind: "release",
      release: "20260310-1",
      version: "2.0.0",
      at: at("05:56:00"),
      declared: false,
      evidence: [
        "Release 20260310-1 moved version 2.0.0 from 1 % to 10 % of the clients 4 min before the alert fired.",
        "Release 20260310-1 moved version 2.0.0 from 0 % to 1 % of the clients 10 min before the alert fired.",
        'Asha requested release 20260310-1: "prices by weight".',
      ],
    },
  ]);
  const [back] = suspectsOf({
    ...situation,
    moves: [{ ...move, at: at("05:59:30"), before: 10, percent: 0 }],
  });
  expect(back).toMatchObject({ version: "1.4.0" });
});

test.each([
  [{}, "06:00:00"],
  [{ failing_since: at("05:40:00") }, "05:40:00"],
  [{ failing_since: at("06:40:00") }, "06:00:00"],
  [{ failing_since: at("05:59:00"), window_minutes: 59 }, "05:00:00"],
])("an alert with %j began at %s", (details, began) => {
  expect(beginningOf({ fired_at: at("06:00:00"), details })).toBe(Date.parse(at(began)));
});

describe("GET /api/alerts/:id/suspects", () => {
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

  const suspects = (id: string, as?: string) => server.send(`GET /api/alerts/${id}/suspects`, as);

  test("names the moves of the hour before, for operators", async () => {
    const by = { requestedBy: "ada", origin: "test", reason: "practice", acknowledge: ["no rules"] };
    await shelf.manager.rollbackStep(3, by);
    await shelf.pool.query(`
      update earlybird.operations set started_at = now() - interval '2 h', finished_at = now() - interval '90 min'
        where kind = 'apply'`);
    server.alerts.raise({
      type: "CUSTOM",
      key: "loans",
      message: "Loans fail.",
      details: { route: "POST /loans" },
    });
    await expect.poll(() => server.alerts.active()).toHaveLength(1);
    const id = server.alerts.active()[0]?.id ?? "";
    await shelf.manager.reapplyStep(3, by);
    expect(await suspects(id)).toMatchObject({ status: 401 });
    expect(await suspects(id, "reader")).toMatchObject({ status: 403 });
    expect(await suspects("unknown", "operator")).toMatchObject({
      status: 404,
      body: { code: "EB_ALERT_UNKNOWN" },
    });
    expect(await suspects(id, "operator")).toMatchObject({
      status: 200,
      body: {
        suspects: [
          {
            kind: "operation",
            action: "rollback",
            steps: [3],
            declared: true,
            evidence: expect.arrayContaining(["Step 3 affects POST /loans, the route of this alert."]),
          },
        ],
      },
    });
  });

  test("names a step that affects the alert and was rolled back long before, unless it moved since", async () => {
    const [{ id } = { id: "" }] = server.alerts.active();
    const moveRollback = (column: string) =>
      shelf.pool.query(`
        update earlybird.operations set started_at = ${column}, finished_at = ${column} where kind = 'rollback'`);
    const found = async () => {
      const { body } = await suspects(id, "operator");
      return body.suspects.map(({ evidence }: { evidence: string[] }) => evidence[0]);
    };
    await moveRollback("now() - interval '5 h'");
    await shelf.pool.query(
      "update earlybird.operations set started_at = now() + interval '1 h' where kind = 'reapply'",
    );
    expect(await found()).toEqual([
      expect.stringMatching(
        /^Step 3 was rolled back 5 h before the alert fired, and was still rolled back then\.$/,
      ),
    ]);
    await shelf.pool.query(`
      update earlybird.operations set started_at = now() - interval '4 h', finished_at = now() - interval '4 h'
        where kind = 'reapply'`);
    expect(await found()).toEqual([]);
  });
});
