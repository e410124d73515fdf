import type { StepReport } from "../api/operations.ts";

type Row = StepReport["rows"][number];
type Impact = StepReport["impact"][number];

/** Whether rows or an impact of a step differ from those of another receipt. */
export interface Difference {
  ofRow(step: number, row: Row): boolean;
  ofImpact(step: number, impact: Impact): boolean;
}

const rowLine = (step: number, { table, action, rows }: Row) => `${step} ${table} ${action} ${rows}`;
const impactLine = (step: number, { key, value }: Impact) => `${step} ${key} ${value}`;

/** Compares lines with the receipt `other`; without it, no line differs. */
export const differenceFrom = (other: readonly StepReport[] | undefined): Difference => {
  const known = new Set(
    other?.flatMap(({ step, rows, impact }) => [
      ...rows.map((row) => rowLine(step, row)),
      ...impact.map((line) => impactLine(step, line)),
    ]),
  );
  const isNew = (line: string) => other !== undefined && !known.has(line);
  return {
    ofRow: (step, row) => isNew(rowLine(step, row)),
    ofImpact: (step, impact) => isNew(impactLine(step, impact)),
  };
};
