import { afterAll, beforeAll, describe, expect, test } from "vitest";
import { createShelf, type Shelf } from "../../../test/support/shelf.ts";
import { createShelfServer, type ShelfServer } from "../../../test/support/shelf-server.ts";
import type { RollbackOperation } from "../rollback/index.ts";
import { operationTiming } from "./evidence.ts";
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
  [{}, "Step 23 was rolled back 4 min 0 s before the alert fired."],
  [{ kind: "reapply", steps: [22, 23] }, "Steps 22, 23 were re-applied 4 min 0 s before the alert fired."],
  [{ finished_at: at("06:00:00") }, "Step 23 was rolled back when the alert fired."],
  [
    { state: "running", finished_at: null },
    "The rollback of step 23 began 5 min 0 s before the alert fired and was running then.",
  ],
  [
    { finished_at: at("06:01:00") },
    "The rollback of step 23 began 5 min 0 s before the alert fired and was running then.",
  ],
  [{ state: "failed" }, "The rollback of step 23 failed 4 min 0 s before the alert fired."],
  [{ state: "interrupted" }, "The rollback of step 23 was interrupted 4 min 0 s before the alert fired."],
])("the timing of an operation %j: %s", (change, sentence) => {
  expect(operationTiming({ ...operation, ...change }, at("06:00:00"))).toBe(sentence);
});

const instance = (host: string, started: string, version: string) => ({
  id: host,
  host,
  pid: 7,
  version,
  started_at: at(started),
  seen_at: at("06:00:00"),
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
  instances: [],
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
        "Steps 23, 25 were rolled back 4 min 0 s before the alert fired.",
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
      "Step 25 was rolled back 1 min 0 s before the alert fired.",
      "It declares no effect on BILLING_FAILURE alerts.",
      "Ada (u1) requested operation 14.",
    ],
  });
});

test("an instance that started is compared with those before it", () => {
  const instances = [
    instance("web-1", "04:00:00", "1.1.0"),
    instance("web-2", "05:57:00", "1.2.0"),
    instance("web-3", "06:00:01", "1.2.0"),
  ];
  expect(suspectsOf({ ...situation, instances })).toEqual([
    {
      kind: "instance",
      instance: "web-2 (process 7)",
      version: "1.2.0",
      at: at("05:57:00"),
      declared: false,
      evidence: [
        "Instance web-2 (process 7) started 3 min 0 s before the alert fired, with version 1.2.0.",
        "Instances that started earlier run 1.1.0.",
        "It raised the alert.",
      ],
    },
  ]);
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
});
