import { changes } from "../../delivery/src/changes/index.ts";
import { markdownTable } from "./marked-part.ts";

/** A row for each change. */
export const stepTable = (): string => {
  const rows = changes.map(({ step, name, title, requires, risk, acknowledge }) => [
    String(step),
    `\`${name}\``,
    title,
    requires.join(", "),
    acknowledge ? `${risk}: \`${acknowledge}\`` : risk,
  ]);
  return markdownTable(["step", "name", "while applied", "requires", "risk"], rows);
};

/** A row for each change with its effect while it is rolled back. */
export const effectTable = (): string =>
  markdownTable(
    ["step", "while it is rolled back"],
    changes.map(({ step, whileRolledBack = "" }) => [String(step), whileRolledBack]),
  );
