const every = 1_024;
const kept = 63;

/** What recording a request costs, measured at every 1024th one. */
export class RecordingCost {
  /** Requests recorded since the process started. */
  recorded = 0;
  readonly #samplesMs = new Float64Array(kept);
  #sampled = 0;

  /** Counts a recording, and says whether it is one to be measured. */
  isDue(): boolean {
    return ++this.recorded % every === 0;
  }

  add(tookMs: number): void {
    this.#samplesMs[this.#sampled++ % kept] = tookMs;
  }

  /** The middle one of the latest measurements, in milliseconds: a mean would be that of the interruptions. */
  get typicalMs(): number {
    const known = this.#samplesMs.slice(0, Math.min(this.#sampled, kept)).sort();
    return known[Math.floor(known.length / 2)] ?? 0;
  }
}
