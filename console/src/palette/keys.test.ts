import { expect, test } from "vitest";
import { actionOf, type KeyPress } from "./keys.ts";

const press = (key: string, more: Partial<KeyPress> = {}): KeyPress => ({
  key,
  hasModifier: false,
  isCtrlOrCommand: false,
  isTyping: false,
  ...more,
});
const on = { afterLead: false, areSingleKeysOn: true };
const ctrl = { hasModifier: true, isCtrlOrCommand: true };

test.each([
  [press("g"), on, { kind: "lead" }],
  [press("n"), { ...on, afterLead: true }, { kind: "go", key: "n" }],
  [press("n"), on, undefined],
  [press("j"), on, { kind: "move", by: 1 }],
  [press("k"), on, { kind: "move", by: -1 }],
  [press("/"), on, { kind: "filter" }],
  [press("?"), on, { kind: "help" }],
  [press("?", { isTyping: true }), on, undefined],
  [press("j", { hasModifier: true }), on, undefined],
  [press("j"), { ...on, areSingleKeysOn: false }, undefined],
  [press("k", ctrl), on, { kind: "palette" }],
  [press("K", { ...ctrl, isTyping: true }), { ...on, areSingleKeysOn: false }, { kind: "palette" }],
])("%o with %o does %o", (key, state, action) => {
  expect(actionOf(key, state)).toEqual(action);
});
