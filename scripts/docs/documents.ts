import { readFileSync } from "node:fs";
import { resolve } from "node:path";
import { commandTable } from "./commands.ts";
import { errorTable } from "./errors.ts";
import { replaceMarkedPart } from "./marked-part.ts";
import { stepProcedures } from "./procedures.ts";
import { rollbackRouteTable } from "./rollback-routes.ts";
import { settingsTable } from "./settings.ts";
import { stepTable } from "./steps.ts";

/** The parts of the documentation that are generated from code. */
const parts: readonly { file: string; name: string; render: (root: string) => string | Promise<string> }[] = [
  { file: "README.md", name: "steps", render: stepTable },
  { file: "docs/errors.md", name: "errors", render: errorTable },
  { file: "docs/configuration.md", name: "settings", render: settingsTable },
  { file: "docs/rollback-procedures.md", name: "procedures", render: stepProcedures },
  { file: "docs/reversible-changes.md", name: "routes", render: rollbackRouteTable },
  { file: "docs/reversible-changes.md", name: "commands", render: commandTable },
];

/** Each document with generated parts: as it is, and as it ought to be. */
export const documents = async (
  root: string,
): Promise<{ file: string; current: string; generated: string }[]> => {
  const files = [...new Set(parts.map(({ file }) => file))];
  return Promise.all(
    files.map(async (file) => {
      const current = readFileSync(resolve(root, file), "utf8");
      let generated = current;
      for (const { name, render } of parts.filter((part) => part.file === file))
        generated = replaceMarkedPart(generated, name, await render(root));
      return { file, current, generated };
    }),
  );
};
