const kept = 63;

/** What recording a request costs, measured whenever some are counted. */
export class RecordingCost {
  readonly #samplesMs = new Float64Array(kept);
  #sampled = 0;

  /** @param tookMs for each of those that were counted together */
  add(tookMs: number): void {
    this.#samplesMs[this.#sampled++ % kept] = tookMs;
  }

  /** The middle one of the latest measurements, in milliseconds: a mean would be that of the interruptions. */
  get typicalMs(): number {
    const known = this.#samplesMs.slice(0, Math.min(this.#sampled, kept)).sort();
    return known[Math.floor(known.length / 2)] ?? 0;
  }
}
