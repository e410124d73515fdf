/**
 * Counts events per key in the last `windowMs`, exactly, up to `most`. Keeps the `keys` most recent keys, so that
 * ever new ones cannot fill the memory.
 */
export class SlidingWindow {
  readonly #windowMs: number;
  readonly #most: number;
  readonly #keys: number;
  /** When, oldest first; the key seen last stands last. */
  readonly #times = new Map<string, number[]>();

  constructor({ windowMs, most, keys = 2_000 }: { windowMs: number; most: number; keys?: number }) {
    this.#windowMs = windowMs;
    this.#most = most;
    this.#keys = keys;
  }

  /** Notes that it happened, and answers how often it did in the window, this time included. */
  add(key: string, nowMs: number): number {
    const recent = (this.#times.get(key) ?? []).filter((atMs) => nowMs - atMs < this.#windowMs);
    recent.push(nowMs);
    if (recent.length > this.#most) recent.shift();
    this.#times.delete(key);
    this.#times.set(key, recent);
    const [oldest] = this.#times.keys();
    if (oldest !== undefined && this.#times.size > this.#keys) this.#times.delete(oldest);
    return recent.length;
  }

  /** How many keys it remembers. */
  get size(): number {
    return this.#times.size;
  }
}
