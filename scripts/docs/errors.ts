import { readdirSync } from "node:fs";
import { resolve } from "node:path";
import { type FailureCall, failureCallsIn } from "./failure-calls.ts";
import { markdownTable } from "./marked-part.ts";

/** The sources that run: tests excepted. Absolute paths. */
export const runningSources = (root: string): string[] =>
  ["ops/src", "delivery/src"]
    .flatMap((folder) => readdirSync(resolve(root, folder), { recursive: true, withFileTypes: true }))
    .filter((entry) => entry.isFile() && entry.name.endsWith(".ts") && !entry.name.endsWith(".test.ts"))
    .map((entry) => resolve(entry.parentPath, entry.name))
    .sort();

/** A row for each code, from the factories in the source. */
export const errorTable = (root: string): string => {
  const calls = runningSources(root).flatMap(failureCallsIn);
  const codes = different(calls.map(({ code }) => code)).sort();
  const rows = codes.map((code) =>
    row(
      code,
      calls.filter((call) => call.code === code),
    ),
  );
  return markdownTable(["code", "HTTP", "exit", "says", "remedy"], rows);
};

const row = (code: string, calls: readonly FailureCall[]): string[] => [
  `\`${code}\``,
  different(calls.map(({ status }) => (/^\d+$/.test(status) ? status : "4xx"))).join(", "),
  different(calls.map(({ exitStatus }) => (exitStatus === undefined ? "" : String(exitStatus)))).join(", "),
  different(calls.flatMap(({ details }) => details).map(sentence)).join("<br>"),
  different(calls.flatMap(({ remedies }) => remedies).map(sentence)).join("<br>"),
];

/** A placeholder alone is a sentence that the caller of the factory chooses. */
const sentence = (text: string): string =>
  /^\{\w+\}$/.test(text) ? "*as the case demands*" : text.replaceAll("<", "&lt;");

const different = (texts: readonly string[]): string[] => [...new Set(texts)];
