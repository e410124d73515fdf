import type { Slice } from "./slice.ts";

/** The newest of consecutively numbered slices, at most `size` of them; those that held nothing are left out. */
export class SliceRing {
  readonly #kept: ({ number: number; slice: Slice } | undefined)[] = [];
  readonly #size: number;

  constructor(size: number) {
    this.#size = size;
  }

  /** Keeps a slice, in place of the one that is `size` older. */
  keep(number: number, slice: Slice): void {
    this.#kept[number % this.#size] = { number, slice };
  }

  /** The slices numbered `first` to `last`, both included, as far as they are kept; in no particular order. */
  between(first: number, last: number): Slice[] {
    const found: Slice[] = [];
    for (const kept of this.#kept) {
      if (kept && kept.number >= first && kept.number <= last) found.push(kept.slice);
    }
    return found;
  }
}
