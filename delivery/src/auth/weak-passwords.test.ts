import { expect, test } from "vitest";
import { commonPasswords, weaknessOf } from "./weak-passwords.ts";

const owner = { email: "asha.rao@example.com", name: "Asha Rao" };

test.each([
  ["          ", "blanks"],
  ["\u00a0 \t\u2003      ", "blanks"],
  ["aaaaaaaaaaaa", "one character"],
  ["AaAaAa aAaA", "one character"],
  ["my asha.rao@example.com", "email"],
  ["ASHA.RAO-2026", "email"],
  ["asharao is here", "name"],
  ["Ashafulness 7", "name"],
  ["1234567890", "most used"],
  ["QwertyUiop", "most used"],
  ["Password123!", "most used"],
  ["2026-Sunshine", "most used"],
])("the password %j is weak: %s", async (password, reason) => {
  expect(weaknessOf(password, owner, await commonPasswords())).toContain(reason);
});

test.each(["correct horse battery", "earlybird-demo", "long enough, surely", "raoraorao 1x"])(
  "the password %j is not",
  async (password) => {
    expect(weaknessOf(password, owner, await commonPasswords())).toBeUndefined();
  },
);
