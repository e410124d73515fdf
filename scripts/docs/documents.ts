import { readFileSync } from "node:fs";
import { resolve } from "node:path";
import { errorTable } from "./errors.ts";
import { replaceMarkedPart } from "./marked-part.ts";
import { settingsTable } from "./settings.ts";
import { stepTable } from "./steps.ts";

/** The parts of the documentation that are generated from code. */
const parts: readonly { file: string; name: string; render: (root: string) => string }[] = [
  { file: "README.md", name: "steps", render: stepTable },
  { file: "docs/errors.md", name: "errors", render: errorTable },
  { file: "docs/configuration.md", name: "settings", render: settingsTable },
];

/** Each document with a generated part: as it is, and as it ought to be. */
export const documents = (root: string): { file: string; current: string; generated: string }[] =>
  parts.map(({ file, name, render }) => {
    const current = readFileSync(resolve(root, file), "utf8");
    return { file, current, generated: replaceMarkedPart(current, name, render(root)) };
  });
