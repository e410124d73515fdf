/** Sum, mean and maximum of samples of the last five minutes. */
export class RollingStats<Name extends string> {
  readonly #names: readonly Name[];
  #samples: { atMs: number; numbers: Readonly<Record<Name, number>> }[] = [];

  static readonly seconds = 300;

  constructor(names: readonly Name[]) {
    this.#names = names;
  }

  /** @param atMs monotonic time */
  add(atMs: number, numbers: Readonly<Record<Name, number>>): void {
    this.#samples.push({ atMs, numbers });
    const sinceMs = atMs - RollingStats.seconds * 1_000;
    const first = this.#samples.findIndex((sample) => sample.atMs > sinceMs);
    if (first > 0) this.#samples = this.#samples.slice(first);
  }

  /** The sum of each number; zeros without samples. */
  sum(): Record<Name, number> {
    return this.#each(sumOf);
  }

  /** The arithmetic mean of each number; zeros without samples. */
  mean(): Record<Name, number> {
    return this.#each((values) => sumOf(values) / Math.max(values.length, 1));
  }

  /** The maximum of each number; zeros without samples. */
  max(): Record<Name, number> {
    return this.#each((values) => Math.max(0, ...values));
  }

  #each(of: (values: number[]) => number): Record<Name, number> {
    const entries = this.#names.map((name) => [name, of(this.#samples.map(({ numbers }) => numbers[name]))]);
    return Object.fromEntries(entries) as Record<Name, number>;
  }
}

const sumOf = (values: readonly number[]): number => values.reduce((sum, value) => sum + value, 0);
