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
