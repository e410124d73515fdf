import { readdirSync, readFileSync } from "node:fs";
import { resolve } from "node:path";
import { pathToFileURL } from "node:url";
import { type FailureDefinition, failureDefinitions } from "../../ops/src/core/failure.ts";
import { markdownTable } from "./marked-part.ts";

/** The sources that run: tests excepted. Absolute paths. */
export const runningSources = (root: string): string[] =>
  ["ops/src", "delivery/src"]
    .flatMap((folder) => readdirSync(resolve(root, folder), { recursive: true, withFileTypes: true }))
    .filter((entry) => entry.isFile() && entry.name.endsWith(".ts") && !entry.name.endsWith(".test.ts"))
    .map((entry) => resolve(entry.parentPath, entry.name))
    .sort();

/** A row for each code, from the definitions in the source. */
export const errorTable = async (root: string): Promise<string> => {
  for (const file of runningSources(root))
    if (readFileSync(file, "utf8").includes("= defineFailure(")) await import(pathToFileURL(file).href);
  // Sorted by sentence too: the order of definitions depends on which module was imported first.
  const sorted = failureDefinitions().toSorted((a, b) => (sortKey(a) < sortKey(b) ? -1 : 1));
  const codes = [...new Set(sorted.map(({ code }) => code))];
  const rows = codes.map((code) => row(sorted.filter((definition) => definition.code === code)));
  return markdownTable(["code", "HTTP", "exit", "detail", "remedy"], rows);
};

const sortKey = ({ code, detail, remedy }: FailureDefinition) => [code, detail, remedy].join("\n");

const row = (definitions: FailureDefinition[]): string[] => {
  const each = (read: (definition: FailureDefinition) => string) => [...new Set(definitions.map(read))];
  return [
    ...each(({ code }) => `\`${code}\``),
    each(({ status }) => String(status)).join(", "),
    each(({ exitStatus }) => String(exitStatus ?? "")).join(", "),
    each(({ detail }) => sentence(detail)).join("<br>"),
    each(({ remedy }) => sentence(remedy)).join("<br>"),
  ];
};

const sentence = (text: string): string =>
  /^\{\w+\}$/.test(text) ? "*depends on the case*" : text.replaceAll("<", "&lt;").replaceAll("\n", " ");
