import type { AlertType } from "../model/alert.ts";
import { fingerprint, fingerprintOf } from "../model/fingerprint.ts";
import type { Incident } from "../model/record.ts";
import { isWithoutKey } from "./raise.ts";

const mostEnds = 1_000;

/**
 * Resolutions that found no firing alert. The alert may fire in another process that died: its state is taken over
 * only when its lease has expired, and the resolution is not repeated by then.
 */
export class EarlyResolutions {
  /** Times on the steady clock, the latest last. */
  readonly #ends = new Map<string, number>();

  /** Of more than a thousand, the oldest are forgotten. */
  note(type: AlertType, key: string, nowMs: number): void {
    const about = fingerprint(type, key);
    this.#ends.delete(about);
    this.#ends.set(about, nowMs);
    const [oldest] = this.#ends.keys();
    if (this.#ends.size > mostEnds && oldest !== undefined) this.#ends.delete(oldest);
  }

  /** Whether an incident was over before it came here. */
  has({ alert, raised }: Incident): boolean {
    if (raised === null) return false;
    const about = [fingerprintOf(alert), ...(isWithoutKey(alert) ? [fingerprint(alert.type, "")] : [])];
    return about.some((one) => raised.lastMs < (this.#ends.get(one) ?? 0));
  }
}
