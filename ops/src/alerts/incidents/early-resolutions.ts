import { LRUCache } from "lru-cache";
import type { AlertType } from "../model/alert.ts";
import { fingerprint, fingerprintOf } from "../model/fingerprint.ts";
import type { Incident } from "../model/record.ts";
import { isWithoutKey } from "./raise.ts";

/**
 * Resolutions that found no firing alert. The alert may fire in another process that died: its state is taken over
 * only when its lease has expired, and the resolution is not repeated by then.
 */
export class EarlyResolutions {
  /** Times on the steady clock. */
  readonly #ends = new LRUCache<string, number>({ max: 1_000 });

  note(type: AlertType, key: string, nowMs: number): void {
    this.#ends.set(fingerprint(type, key), nowMs);
  }

  /** Whether an incident was over before it came here. */
  has({ alert, raised }: Incident): boolean {
    if (raised === null) return false;
    const about = [fingerprintOf(alert), ...(isWithoutKey(alert) ? [fingerprint(alert.type, "")] : [])];
    return about.some((one) => raised.lastMs < (this.#ends.peek(one) ?? 0));
  }
}
