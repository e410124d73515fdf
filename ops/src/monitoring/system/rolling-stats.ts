/** The last five minutes of some numbers that are taken together now and then. */
export class RollingStats<Name extends string> {
  readonly #names: readonly Name[];
  #taken: { atMs: number; numbers: Readonly<Record<Name, number>> }[] = [];

  static readonly seconds = 300;

  constructor(names: readonly Name[]) {
    this.#names = names;
  }

  /** @param atMs by a clock that only grows */
  add(atMs: number, numbers: Readonly<Record<Name, number>>): void {
    this.#taken.push({ atMs, numbers });
    const sinceMs = atMs - RollingStats.seconds * 1_000;
    const first = this.#taken.findIndex((taken) => taken.atMs > sinceMs);
    if (first > 0) this.#taken = this.#taken.slice(first);
  }

  /** Of each number the sum; zeros before there are any. */
  sum(): Record<Name, number> {
    return this.#each(sumOf);
  }

  /** Of each number the arithmetic mean; zeros before there are any. */
  mean(): Record<Name, number> {
    return this.#each((values) => sumOf(values) / Math.max(values.length, 1));
  }

  /** Of each number the largest; zeros before there are any. */
  max(): Record<Name, number> {
    return this.#each((values) => Math.max(0, ...values));
  }

  #each(of: (values: number[]) => number): Record<Name, number> {
    const entries = this.#names.map((name) => [name, of(this.#taken.map(({ numbers }) => numbers[name]))]);
    return Object.fromEntries(entries) as Record<Name, number>;
  }
}

const sumOf = (values: readonly number[]): number => values.reduce((sum, value) => sum + value, 0);
