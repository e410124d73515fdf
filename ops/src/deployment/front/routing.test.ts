import { expect, test } from "vitest";
import type { Backend, Backends } from "./backend.ts";
import { backendFor } from "./routing.ts";

const backends = (blue: Partial<Backend>, green: Partial<Backend>): Backends => ({
  blue: { slot: "blue", ejected: false, isDraining: false, ...blue } as Backend,
  green: { slot: "green", ejected: false, isDraining: false, ...green } as Backend,
});

test.each([
  ["its own slot", {}, {}, "blue"],
  ["the other one, if its own is ejected", { ejected: true }, {}, "green"],
  ["its own, although ejected, if the other one is drained", { ejected: true }, { isDraining: true }, "blue"],
  ["its own, if both are ejected", { ejected: true }, { ejected: true }, "blue"],
  ["its own, also after it was drained: only its API version leads there", { isDraining: true }, {}, "blue"],
])("a request goes to %s", (_, blue, green, slot) => {
  expect(backendFor("blue", backends(blue, green), new Set())?.slot).toBe(slot);
});

test("a request that failed in both slots has none left, and a drained one is tried last", () => {
  const both = backends({ ejected: true }, { isDraining: true });
  expect(backendFor("blue", both, new Set([both.blue]))).toBe(both.green);
  expect(backendFor("blue", both, new Set([both.blue, both.green]))).toBeUndefined();
});
