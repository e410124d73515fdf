import type { Clock } from "../../core/clock.ts";
import { type Slice, SliceMeter, type TotalsSource } from "./slice-meter.ts";

/** Above this, the oldest are dropped: the slices of a quarter of an hour. */
const maxSlices = 180;

/** A shorter slice is not worth a row. */
const shortestMs = 1_000;

/** Slices that are not in the database yet. */
export class SliceBuffer {
  readonly #meter: SliceMeter;
  readonly #clock: Clock;
  readonly #slices: Slice[] = [];
  #collectedMs = Number.NEGATIVE_INFINITY;

  constructor(options: { performance: TotalsSource; clock: Clock }) {
    this.#meter = new SliceMeter(options);
    this.#clock = options.clock;
  }

  /** Ends the current slice, unless it has just begun. */
  collect(): void {
    const nowMs = this.#clock.monotonicMs();
    if (nowMs - this.#collectedMs < shortestMs) return;
    this.#collectedMs = nowMs;
    const slice = this.#meter.take();
    if (slice.routes.length > 0) this.#slices.push(slice);
    if (this.#slices.length > maxSlices) this.#slices.shift();
  }

  /**
   * Passes all slices to `store`.
   *
   * @throws an error of `store`; the slices are kept
   */
  async writeAll(store: (slices: readonly Slice[]) => Promise<void>): Promise<void> {
    const slices = [...this.#slices];
    if (slices.length === 0) return;
    await store(slices);
    for (const slice of slices) if (this.#slices[0] === slice) this.#slices.shift();
  }
}
