import { expect, test } from "vitest";
import type { OperationDetails } from "../api/operations.ts";
import { sentenceOf } from "../ui/operation-words.ts";
import { keptPairs } from "./kept-pairs.ts";
import { operationMarkdown } from "./operation-markdown.ts";

const operation: OperationDetails = {
  id: "12",
  kind: "reapply",
  steps: [23],
  state: "completed",
  requested_by: "Ada (u1)",
  origin: "http 127.0.0.1",
  reason: "prices | are\nright",
  plan: null,
  until: null,
  started_at: "2026-03-10T05:55:00.000Z",
  finished_at: "2026-03-10T05:56:00.000Z",
  progress: null,
  failure: null,
  actions: [],
  receipts: [
    {
      step: 23,
      name: "billing",
      title: "Orders are billed",
      risk: "critical",
      acknowledge: "revenue loss",
      rows: [{ table: "orders", action: "restored", rows: 7 }],
      locks: [],
      duration_ms: 5,
      followers: null,
      impact: [],
      warnings: ["1 order stays"],
      blocked_by: [],
      checks: [{ name: "no order twice", ok: true, detail: "none found" }],
    },
  ],
  kept_values: [
    {
      step: 23,
      table: "orders",
      key: "ord_1",
      outcome: "kept",
      written: { billed: true, note: "same" },
      parked: { billed: null, note: "same" },
    },
  ],
};

const format = {
  dateTime: (iso: string) => iso.slice(11, 19),
  number: String,
  quantity: (value: number | string, unit: string) => `${value} ${unit}`,
  ms: (value: number) => `${value} ms`,
};

test("an operation is a document with its receipts and kept values", () => {
  expect(operationMarkdown(operation, format)).toBe(`# Operation 12

Step 23 was re-applied.

|  |  |
| --- | --- |
| Requested by | Ada (u1), http 127.0.0.1 |
| Reason | prices \\| are right |
| Started | 05:55:00 |
| Ended | 05:56:00 |
| Plan | none |

## Step 23: Orders are billed

The transaction took 5 ms.

| table | rows |
| --- | --- |
| orders | 7 restored |

| check | result |
| --- | --- |
| no order twice | holds: none found |

Warning: 1 order stays

## Kept values

| row | column | written since | parked | outcome |
| --- | --- | --- | --- | --- |
| orders ord\\_1 | billed | true | nothing | kept |
`);
});

test.each([
  [{ a: 1, b: "x" }, { a: 2, b: "x" }, [{ name: "a", written: "1", parked: "2" }]],
  [null, { a: [1] }, [{ name: "a", written: "nothing", parked: "[1]" }]],
  ["x", 7, [{ name: "", written: "x", parked: "7" }]],
])("the values %j and %j are the pairs %j", (written, parked, pairs) => {
  expect(keptPairs({ written, parked })).toEqual(pairs);
});

test.each([
  ["running", [23], "Step 23 is being rolled back."],
  ["completed", [23, 22], "Steps 23, 22 were rolled back."],
  ["interrupted", [23], "Step 23 was not completely rolled back: the operation was interrupted."],
  ["aborted", [23, 22], "Steps 23, 22 were not completely rolled back: the operation was aborted."],
] as const)("an operation that is %s of %j: %s", (state, steps, sentence) => {
  expect(sentenceOf({ kind: "rollback", state, steps: [...steps] })).toBe(sentence);
});

test("an operation that nothing has followed: Step 23 is rolled back.", () => {
  const done = { kind: "rollback", state: "completed", steps: [23] } satisfies Partial<OperationDetails>;
  expect(sentenceOf(done, { isCurrent: true })).toBe("Step 23 is rolled back.");
});
