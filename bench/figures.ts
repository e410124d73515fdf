/** The median; for an even count, the lower of the two middle values. */
export const median = (values: readonly number[]): number =>
  [...values].sort((a, b) => a - b)[Math.floor((values.length - 1) / 2)] ?? Number.NaN;

/** Formats milliseconds with four significant figures. */
export const ms = (value: number): string => `${Number(value.toPrecision(4)).toLocaleString("en")} ms`;

/** `value / other` to two decimals. */
export const ratio = (value: number, other: number | undefined): string =>
  other ? (value / other).toFixed(2) : "";

export const thousands = (value: number): string => value.toLocaleString("en");

/** Prints rows as a Markdown table. */
export const printTable = (heading: readonly string[], rows: readonly (readonly string[])[]): void => {
  const line = (cells: readonly string[]) => `| ${cells.join(" | ")} |`;
  console.log([line(heading), line(heading.map(() => "---")), ...rows.map(line)].join("\n"));
};
