/** The middle one; of an even number, the lower middle one. */
export const median = (values: readonly number[]): number =>
  [...values].sort((a, b) => a - b)[Math.floor((values.length - 1) / 2)] ?? Number.NaN;

/** Milliseconds that `work` takes. */
export const timed = async (work: () => Promise<unknown>): Promise<number> => {
  const startMs = performance.now();
  await work();
  return performance.now() - startMs;
};

/** Milliseconds for people: four significant figures. */
export const ms = (value: number): string => `${Number(value.toPrecision(4)).toLocaleString("en")} ms`;

/** Prints rows as a Markdown table. */
export const printTable = (heading: readonly string[], rows: readonly (readonly string[])[]): void => {
  const line = (cells: readonly string[]) => `| ${cells.join(" | ")} |`;
  console.log([line(heading), line(heading.map(() => "---")), ...rows.map(line)].join("\n"));
};
