import { describe, expect, test } from "vitest";
import type { Change, StepState } from "./change.ts";
import { defineChange, registerChanges } from "./define-change.ts";
import { orderSteps } from "./dependencies.ts";

const change = (step: number, requires: number[]): Change =>
  defineChange({
    step,
    name: `step-${step}`,
    title: "",
    requires,
    risk: "none",
    parts: [],
  });

// 1 <- 2 <- 4, 3 alone.
const changes = [change(1, []), change(2, [1]), change(3, []), change(4, [2])];

const order = (
  direction: "rollback" | "reapply",
  steps: number[],
  {
    away = [],
    cascade = false,
    range = steps.length > 1,
  }: { away?: number[]; cascade?: boolean; range?: boolean } = {},
) => {
  const states = new Map<number, StepState>(
    changes.map(({ step }) => [step, away.includes(step) ? "rolled_back" : "applied"]),
  );
  return orderSteps({ changes, states, selection: { steps, range }, direction, cascade });
};

const refusal = (code: string, blocked_by: number[]) =>
  expect.objectContaining({ code, exitStatus: 4, extra: { blocked_by } });

describe("the order in which steps move", () => {
  test("a range rolls back highest first and is re-applied lowest first", () => {
    expect(order("rollback", [1, 2, 3, 4])).toEqual([4, 3, 2, 1]);
    expect(order("reapply", [1, 2, 3, 4], { away: [1, 2, 3, 4] })).toEqual([1, 2, 3, 4]);
  });

  test("steps that do not have to move are omitted", () => {
    expect(order("rollback", [3], { away: [3] })).toEqual([]);
    expect(order("rollback", [1, 2, 3, 4], { away: [3, 4] })).toEqual([2, 1]);
    expect(order("reapply", [1, 2])).toEqual([]);
  });

  test("an independent step moves from the middle", () => {
    expect(order("rollback", [3])).toEqual([3]);
  });

  test("a step that others need is refused with their list, or takes them along with cascade", () => {
    expect(() => order("rollback", [2])).toThrowError(refusal("EB_STEP_HAS_DEPENDENTS", [4]));
    expect(order("rollback", [1], { cascade: true })).toEqual([4, 2, 1]);
  });

  test("a step whose needs are rolled back is refused with their list, or takes them along", () => {
    expect(() => order("reapply", [4], { away: [1, 2, 4] })).toThrowError(
      refusal("EB_STEP_LACKS_REQUIREMENTS", [2]),
    );
    expect(order("reapply", [4], { away: [1, 2, 4], cascade: true })).toEqual([1, 2, 4]);
  });

  test("a range with a gap is refused with what is missing, in either direction", () => {
    expect(() => order("rollback", [1, 2, 3])).toThrowError(refusal("EB_RANGE_HAS_GAP", [4]));
    expect(() => order("reapply", [2, 3, 4], { away: [1, 2, 3, 4] })).toThrowError(
      refusal("EB_RANGE_HAS_GAP", [1]),
    );
  });
});

describe("a set of changes is refused when it contradicts itself", () => {
  test.each([
    ["a number used twice", [change(1, []), { ...change(1, []), name: "other" }]],
    ["a name used twice", [change(1, []), { ...change(2, []), name: "step-1" }]],
    ["a requirement that does not exist", [change(1, [7])]],
    ["a requirement above the step", [change(1, [2]), change(2, [])]],
  ])("%s", (_, set) => {
    expect(() => registerChanges(set)).toThrowError(
      expect.objectContaining({ code: "EB_CHANGE_DECLARATION" }),
    );
  });

  test("an affected route that is not a method and a path is refused where it is declared", () => {
    const affecting = (route: string) => () =>
      defineChange({ ...change(1, []), affects: { routes: [route], alerts: [] } });
    expect(affecting("/api/orders")).toThrowError(/"\/api\/orders" is not a method and a path/);
    expect(affecting("POST /api/orders/:id")).not.toThrow();
  });

  test("a critical change without a phrase is refused where it is declared", () => {
    expect(() => defineChange({ ...change(1, []), risk: "critical" })).toThrowError(/acknowledge phrase/);
  });
});
