import type { KeptValue } from "../api/operations.ts";

/** A value that two sides wrote: while the step was rolled back, and before. */
export interface KeptPair {
  /** The column; empty if the values are not rows. */
  name: string;
  written: string;
  parked: string;
}

/** The columns in which the written and the parked row differ. */
export const keptPairs = ({ written, parked }: Pick<KeptValue, "written" | "parked">): KeptPair[] => {
  if (!isRow(written) && !isRow(parked))
    return [{ name: "", written: textOf(written), parked: textOf(parked) }];
  const [left, right] = [isRow(written) ? written : {}, isRow(parked) ? parked : {}];
  return [...new Set([...Object.keys(left), ...Object.keys(right)])]
    .map((name) => ({ name, written: textOf(left[name]), parked: textOf(right[name]) }))
    .filter((pair) => pair.written !== pair.parked);
};

const isRow = (value: unknown): value is Record<string, unknown> =>
  typeof value === "object" && value !== null && !Array.isArray(value);

const textOf = (value: unknown): string => {
  if (value === undefined || value === null) return "nothing";
  return typeof value === "string" ? value : JSON.stringify(value);
};
