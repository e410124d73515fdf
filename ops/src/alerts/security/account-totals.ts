import { AlertType } from "../model/alert.ts";
import { raisedTypes } from "../model/raised-types.ts";

/** The totals over all accounts of an alert. */
export type Totals = { attempts: number; accounts: number; names: string };

/** After so long without an attempt the alert is over, and the next one begins with no accounts. */
const quietMs = raisedTypes[AlertType.SECURITY_ALERT].quietMs ?? 0;

/** Accounts are counted up to here, which then means that many or more. */
const mostAccounts = 1_000;
const mostNames = 5;

/** The accounts behind one alert. */
export class AccountTotals {
  #attempts = 0;
  #lastMs = Number.NEGATIVE_INFINITY;
  readonly #names = new Set<string>();

  add(name: string, nowMs: number): Totals {
    if (nowMs - this.#lastMs >= quietMs) {
      this.#attempts = 0;
      this.#names.clear();
    }
    this.#lastMs = nowMs;
    this.#attempts += 1;
    if (this.#names.size < mostAccounts) this.#names.add(name);
    const accounts = this.#names.size;
    const first = [...this.#names].slice(0, mostNames).join(", ");
    const names = accounts > mostNames ? `${first} and ${accounts - mostNames} more` : first;
    return { attempts: this.#attempts, accounts, names };
  }
}
