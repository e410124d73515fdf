import { expect, test } from "vitest";
import type { Channel } from "../api/alerts.ts";
import type { Alert, Health, Operation, Step } from "../api/queries.ts";
import type { ReleaseBrief } from "../api/releases.ts";
import type { Session } from "../api/session.ts";
import type { Suspect } from "../api/suspects.ts";
import { createFormat } from "../format.ts";
import { leadOf } from "./lead.ts";
import type { Situation } from "./situation.ts";

const format = createFormat({ locale: "en-IN", time_zone: "Asia/Kolkata", units: {} } as unknown as Session);
const nowMs = Date.parse("2026-01-05T04:00:00Z");
const minutesAgo = (minutes: number) => new Date(nowMs - minutes * 60_000).toISOString();

const health = { database: { status: "healthy", response_time_ms: 0.8 }, reasons: [] } as unknown as Health;
const away = {
  database: { status: "unhealthy", response_time_ms: null },
  reasons: ["database: connect ECONNREFUSED"],
} as unknown as Health;

const alert = (difference: Partial<Alert>): Alert => ({
  id: "a1",
  type: "HIGH_CPU",
  key: "",
  severity: "warning",
  state: "firing",
  message: "The CPU is busy.",
  details: { cpu_percent: 91 },
  fired_at: minutesAgo(12),
  resolved_at: null,
  acknowledged: null,
  ...difference,
});

const step = (difference: Partial<Step>): Step =>
  ({
    step: 26,
    title: "Quantities",
    state: "rolled_back",
    parked_rows: 3,
    until: null,
    ...difference,
  }) as Step;

const operation = (state: Operation["state"]): Operation =>
  ({ id: "7", steps: [22, 23], state, requested_by: "Asha", started_at: minutesAgo(3) }) as Operation;

const moved = (difference: Partial<Extract<Suspect, { kind: "operation" }>> = {}): Suspect => ({
  kind: "operation",
  operation: "8",
  action: "reapply",
  steps: [25],
  at: minutesAgo(14),
  declared: true,
  evidence: ["Step 25 was re-applied 2 min before the alert fired.", "Step 25 affects HIGH_CPU alerts."],
  ...difference,
});
const started: Suspect = {
  kind: "instance",
  instance: "web-1 (process 7)",
  version: "2.0.0",
  at: minutesAgo(13),
  declared: false,
  evidence: ["It started 1 min before the alert fired."],
};

const release = (difference: Partial<ReleaseBrief> = {}): ReleaseBrief => ({
  ...{ id: "20260105-1", from: "1.4.0", to: "2.0.0", new_percent: 10 },
  ...{ state: "phase_10", stage: "phase_10", since: minutesAgo(4) },
  ...{ because: null, outage: false, by_trigger: false },
  ...difference,
});
const fired = { because: "5 % of the clients failed", by_trigger: true };

const channel = (state: Channel["state"]): Channel => ({
  channel: state === "working" ? "log" : "slack",
  state,
  reason: state === "working" ? null : "HTTP 404",
  since: minutesAgo(30),
  waiting: 0,
});

const situation = (difference: Partial<Situation> = {}): Situation => ({
  health,
  alerts: [],
  steps: [],
  operation: null,
  release: null,
  suspects: new Map(),
  channels: [],
  nowMs,
  ...difference,
});

test.each<[string, Partial<Situation>, string, string | undefined]>([
  ["nothing is wrong", {}, "Nothing needs you.", undefined],
  ["an alert fires", { alerts: [alert({})] }, "The CPU is busy.", "Open the alert"],
  [
    "several alerts fire: the worst, and of those the oldest",
    {
      alerts: [
        alert({}),
        alert({ id: "a2", severity: "critical", message: "Newer.", fired_at: minutesAgo(1) }),
        alert({ id: "a3", severity: "critical", message: "Older.", fired_at: minutesAgo(2) }),
      ],
    },
    "Older.",
    "Open the alert",
  ],
  ["a step is rolled back", { steps: [step({})] }, "Step 26 is rolled back.", "Dry-run step 26"],
  [
    "an alert fires while a step is rolled back",
    { alerts: [alert({})], steps: [step({})] },
    "The CPU is busy.",
    "Open the alert",
  ],
  [
    "one of two steps is overdue",
    { steps: [step({ step: 22 }), step({ until: minutesAgo(60) })] },
    "Step 26 is rolled back.",
    "Dry-run step 26",
  ],
  [
    "the database is away: there is nothing to undo",
    { health: away, alerts: [alert({})] },
    "The database does not answer.",
    undefined,
  ],
  [
    "an operation was interrupted, before anything else",
    { operation: operation("interrupted"), health: away, alerts: [alert({})] },
    "Operation 7 did not finish.",
    "Open operation 7",
  ],
  [
    "an alert has a suspect",
    { alerts: [alert({})], suspects: new Map([["a1", [started, moved()]]]) },
    "The CPU is busy.",
    "Look at step 25",
  ],
  [
    "a less urgent alert has the suspect",
    {
      alerts: [alert({}), alert({ id: "a2", severity: "critical", message: "Worse." })],
      suspects: new Map([["a1", [moved()]]]),
    },
    "Worse.",
    "Look at step 25",
  ],
  [
    "only one of two suspects declares an effect",
    {
      alerts: [alert({}), alert({ id: "a2", severity: "critical", message: "Worse." })],
      suspects: new Map([
        ["a1", [moved()]],
        ["a2", [moved({ steps: [26], declared: false })]],
      ]),
    },
    "Worse.",
    "Look at step 25",
  ],
  [
    "the suspects are an instance and a move of two steps",
    { alerts: [alert({})], suspects: new Map([["a1", [started, moved({ steps: [22, 23] })]]]) },
    "The CPU is busy.",
    "Open the alert",
  ],
  [
    "an alert fires, a step is overdue and a channel is broken",
    { alerts: [alert({})], steps: [step({ until: minutesAgo(60) })], channels: [channel("broken")] },
    "The CPU is busy.",
    "Open the alert",
  ],
  [
    "a step is overdue and a channel is broken",
    { steps: [step({ until: minutesAgo(60) })], channels: [channel("broken")] },
    "Step 26 is rolled back.",
    "Dry-run step 26",
  ],
  [
    "a channel is broken and a step is rolled back as agreed",
    { steps: [step({})], channels: [channel("working"), channel("broken")] },
    "Alerts do not arrive by slack.",
    "See the channels",
  ],
  ["a release goes on", { release: release() }, "Version 2.0.0 has 10 % of the clients.", "Open the release"],
  ["a release is completed", { release: release({ state: "completed" }) }, "Nothing needs you.", undefined],
  [
    "a trigger takes a release back while an alert fires",
    { release: release({ state: "reverting", ...fired }), alerts: [alert({})] },
    "The service is going back to version 1.4.0.",
    "Open the release",
  ],
  [
    "a release was taken back by its trigger a few minutes ago",
    { release: release({ state: "reverted", ...fired }), alerts: [alert({})] },
    "The service is back on version 1.4.0.",
    "Open the release",
  ],
  [
    "a release was taken back yesterday",
    { release: release({ state: "reverted", ...fired, since: minutesAgo(1_440) }) },
    "Nothing needs you.",
    undefined,
  ],
  [
    "a person takes a release back while an alert fires",
    { release: release({ state: "reverting" }), alerts: [alert({})] },
    "The CPU is busy.",
    "Open the alert",
  ],
  [
    "a revert is stuck",
    { release: release({ state: "stuck" }), alerts: [alert({})] },
    "The revert to version 1.4.0 is stuck.",
    "Open the release",
  ],
  [
    "a release is held while an alert fires",
    { release: release({ state: "held" }), alerts: [alert({})] },
    "The CPU is busy.",
    "Open the alert",
  ],
  [
    "a release is held and a step is overdue",
    { release: release({ state: "held" }), steps: [step({ until: minutesAgo(60) })] },
    "The release of version 2.0.0 is held at 10 %.",
    "Open the release",
  ],
  [
    "a release moved clients before an alert",
    {
      alerts: [alert({})],
      suspects: new Map([
        [
          "a1",
          [
            {
              ...{ kind: "release", release: "20260105-1", version: "2.0.0", at: minutesAgo(14) },
              ...{ declared: false, evidence: ["Release 20260105-1 moved version 2.0.0 ..."] },
            },
          ],
        ],
      ]),
    },
    "The CPU is busy.",
    "Look at the release",
  ],
  ["all channels work", { channels: [channel("working")] }, "Nothing needs you.", undefined],
  ["an operation has completed", { operation: operation("completed") }, "Nothing needs you.", undefined],
])("the lead when %s", (_, difference, headline, action) => {
  const lead = leadOf(situation(difference), format);
  expect([lead.headline, lead.next?.action.label]).toEqual([headline, action]);
});

test("an overdue step says since when", () => {
  const lead = leadOf(situation({ steps: [step({ until: minutesAgo(120) })] }), format);
  expect([lead.status, lead.kicker]).toEqual(["warning", "Overdue by 2 h"]);
});

test("the lead of an alert gives its age, its evidence, and whether others fire", () => {
  const lead = leadOf(situation({ alerts: [alert({}), alert({ id: "a2" }), alert({ id: "a3" })] }), format);
  expect(lead).toMatchObject({
    status: "warning",
    kicker: "HIGH_CPU for 12 min",
    detail: "2 other alerts fire. The database answers in 0.8 ms.",
    next: { why: ["cpu percent: 91"], action: { to: "/alerts/$id", params: { id: "a1" } } },
  });
});

test.each([
  ["reapply", true, "Consider undoing step 25"],
  ["rollback", true, "Consider redoing step 25"],
  ["reapply", false, "See whether step 25 has to do with it"],
] as const)("the suggestion after a %s, declared %s, lists the evidence", (action, declared, title) => {
  const suspects = new Map([["a1", [moved({ action, declared })]]]);
  const { next } = leadOf(situation({ alerts: [alert({})], suspects }), format);
  expect(next).toEqual({
    title,
    why: ["Step 25 was re-applied 2 min before the alert fired.", "Step 25 affects HIGH_CPU alerts."],
    action: {
      label: "Look at step 25",
      to: "/changes/$step",
      params: { step: "25" },
      search: { alert: "a1" },
    },
  });
});
