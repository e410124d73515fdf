import { LRUCache } from "lru-cache";
import type { Patience } from "./evaluate.ts";

/** A rule that fired so often in this time flaps. */
const timesToFlap = 3;
const flapWithinMs = 15 * 60_000;

/** A rule that flaps must be fine for this long, so that its alert does not end and fire again every minute. */
export const keepFlappingMs = 5 * 60_000;

/** Remembers when each rule fired, to tell one that flaps from one that fires now and then. */
export class Flapping {
  readonly #firedMs = new LRUCache<string, number[]>({ max: 1_000 });

  /** @param rule its type and key */
  noteFired(rule: string, nowMs: number): void {
    const recent = (this.#firedMs.get(rule) ?? []).filter((atMs) => nowMs - atMs < flapWithinMs);
    this.#firedMs.set(rule, [...recent, nowMs].slice(-timesToFlap));
  }

  /** The patience with a rule: with one that flaps, longer. */
  patienceWith(rule: string, patience: Patience, nowMs: number): Patience {
    const [earliest, ...others] = this.#firedMs.peek(rule) ?? [];
    const flaps = earliest !== undefined && others.length === timesToFlap - 1;
    if (!flaps || nowMs - earliest >= flapWithinMs + keepFlappingMs) return patience;
    return { ...patience, keepFiringForMs: Math.max(patience.keepFiringForMs, keepFlappingMs) };
  }
}
