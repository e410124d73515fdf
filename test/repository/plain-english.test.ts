import { readdirSync, readFileSync } from "node:fs";
import { resolve } from "node:path";
import { expect, test } from "vitest";
import { root } from "./imports.ts";

/** Turns of phrase that a reader stumbles over, each with its replacement. */
const replacements: readonly [turn: RegExp, write: string][] = [
  [/\bwho(m)?ever\b/i, '"you", "the user who ...", "anybody who ..."'],
  [/\bof (ours|one's own)\b/i, '"our", "your own"'],
  [/\bfor good\b(?! reason)/i, '"permanently"'],
  [/\bwhat (is|was) (\w+ ){1,4}(is|was|are|were)\b/i, 'a noun: "parked values are"'],
  [/\bwhat there (is|was)\b/i, "a noun"],
  [/\ball that (there )?(is|are|was|were)\b/i, '"everything", "all"'],
  [/\b(is|are|was|were|be|been) (not )?told\b/i, '"is notified", "a notification is sent"'],
  [/\btells? (nothing )?of\b/i, '"reports", "records"'],
  [/\bl(ie|ies|ay) (in|on|inside|beside|with|between)\b/i, '"is in"'],
  [/\bstands? (there|beside|before|between)\b/i, '"is"'],
  [/\bgo(es)? on with\b/i, '"continue"'],
  [/\bthere and back\b/i, '"round trip", "roll back and re-apply"'],
  [/\bthat is no\b(?! longer)/i, '"is not a", "invalid"'],
  [/\bsomebody else's\b/i, '"another", "third-party"'],
  [/\basked for:/i, '"goal:"'],
  [/\bwithout the right to\b/i, '"without permission"'],
];

/** Folders with turns that are still to be replaced. */
const excluded: readonly string[] = [];

const filesIn = (folder: string): string[] =>
  readdirSync(resolve(root, folder), { recursive: true, encoding: "utf8" })
    .filter((name) => /\.(md|js|ts)$/.test(name) && !/(^|\/)(node_modules|dist)\//.test(name))
    .map((name) => `${folder}/${name}`);

const files = [
  ...readdirSync(root).filter((name) => name.endsWith(".md")),
  "ops/README.md",
  "examples/library/README.md",
  ...filesIn("docs"),
  ...["ops/src", "delivery/src", "test", "bench", "scripts", "examples"]
    .filter((folder) => !excluded.includes(folder))
    .flatMap(filesIn),
].filter((file) => !file.endsWith("plain-english.test.ts"));

/** Without the parts of a document that are generated from the sources. */
const written = (text: string) => text.replaceAll(/<!-- generated: (.+) -->[\s\S]*?<!-- end of \1 -->/g, "");

/** A turn may break over lines, in a comment too. */
const turnsIn = (text: string): string[] => {
  const flat = text.replaceAll(/\s*\n[\s*/]*/g, " ");
  return replacements.flatMap(([turn, write]) =>
    [...flat.matchAll(new RegExp(turn, "gi"))].map(
      ({ index }) => `"...${flat.slice(Math.max(0, index - 30), index + 50)}..." write ${write}`,
    ),
  );
};

test("a turn is found, over lines and in comments", () => {
  expect(turnsIn("/** Of use to\n * whoever\n * reads it. */")).toHaveLength(1);
  expect(turnsIn("// it is kept for\n// good")).toHaveLength(1);
  expect(turnsIn("kept for good reasons")).toEqual([]);
});

test("documents and sources are written in plain English", () => {
  expect(files.length).toBeGreaterThan(40);
  const found = files.flatMap((file) =>
    turnsIn(written(readFileSync(resolve(root, file), "utf8"))).map((turn) => `${file}: ${turn}`),
  );
  expect(found).toEqual([]);
});
