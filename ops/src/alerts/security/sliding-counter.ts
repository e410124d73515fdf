import { LRUCache } from "lru-cache";

/**
 * Counts the events of each key in the last `windowMs`, exactly, up to `most`. Keeps the `keys` keys seen last, so that
 * a client that sends ever new keys cannot fill the memory.
 */
export class SlidingWindow {
  readonly #windowMs: number;
  readonly #most: number;
  /** The times of each key, oldest first. */
  readonly #times: LRUCache<string, number[]>;

  constructor({ windowMs, most, keys = 2_000 }: { windowMs: number; most: number; keys?: number }) {
    this.#windowMs = windowMs;
    this.#most = most;
    this.#times = new LRUCache({ max: keys });
  }

  /** Adds an event; returns the number of events in the window, this one included. */
  add(key: string, nowMs: number): number {
    const recent = (this.#times.get(key) ?? []).filter((atMs) => nowMs - atMs < this.#windowMs);
    recent.push(nowMs);
    if (recent.length > this.#most) recent.shift();
    this.#times.set(key, recent);
    return recent.length;
  }

  /** The number of events of a key in the window. */
  count(key: string, nowMs: number): number {
    return (this.#times.peek(key) ?? []).filter((atMs) => nowMs - atMs < this.#windowMs).length;
  }

  /** The number of keys kept. */
  get size(): number {
    return this.#times.size;
  }
}
