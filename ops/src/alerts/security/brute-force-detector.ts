import { LRUCache } from "lru-cache";
import type { Clock } from "../../core/clock.ts";
import { type Alert, AlertSeverity } from "../model/alert.ts";
import { AccountTotals, type Totals } from "./account-totals.ts";
import { securityAlert } from "./security-alert.ts";
import { SlidingWindow } from "./sliding-counter.ts";

/** The thresholds of security alerts. */
export interface SecurityThresholds {
  /** So many failed logins, from one address or for one account. */
  failedLogins: number;
  /** So many refused requests, to one address or account. */
  refusals: number;
  windowSeconds: number;
}

export const defaultSecurityThresholds: Readonly<SecurityThresholds> = {
  failedLogins: 10,
  refusals: 20,
  windowSeconds: 300,
};

/** What the detector needs of the alert manager. */
export interface Alarm {
  raise(alert: ReturnType<typeof securityAlert> & { severity: AlertSeverity; totals?: boolean }): Alert;
}

/** So many accounts behind one alert are an attack on accounts, not a client with a wrong password. */
const manyAccounts = 5;

/** Addresses whose tried accounts are remembered. */
const mostAddresses = 200;

/** A request that was refused; the account is the one asking, or the one that a login was tried for. */
export interface Refused {
  address: string;
  account?: string | undefined;
  /** Method and template of the route. */
  route: string;
}

/**
 * Counts denied requests and raises SECURITY_ALERT for the address, or, if they come from many addresses, for the
 * account. It is a warning, and critical if an account is at risk: many are tried, one belongs to an admin or operator,
 * or a login succeeds after many failed. Remembers a bounded number of addresses and accounts.
 */
export class BruteForceDetector {
  readonly #alarm: Alarm;
  readonly #clock: Clock;
  readonly #thresholds: SecurityThresholds;
  readonly #logins: SlidingWindow;
  readonly #refusals: SlidingWindow;
  readonly #refusedAccounts = new AccountTotals();
  readonly #trespassers = new AccountTotals();
  readonly #triedAccounts: LRUCache<string, AccountTotals>;
  readonly #isPrivileged: (account: string) => Promise<boolean>;

  constructor({
    alarm,
    clock,
    thresholds = defaultSecurityThresholds,
    isPrivileged = async () => false,
  }: {
    alarm: Alarm;
    clock: Clock;
    thresholds?: SecurityThresholds | undefined;
    /** Whether an account, as a login names it, belongs to an admin or operator. An error counts as no. */
    isPrivileged?: ((account: string) => Promise<boolean>) | undefined;
  }) {
    this.#alarm = alarm;
    this.#clock = clock;
    this.#thresholds = thresholds;
    const windowMs = thresholds.windowSeconds * 1_000;
    this.#logins = new SlidingWindow({ windowMs, most: thresholds.failedLogins });
    this.#refusals = new SlidingWindow({ windowMs, most: thresholds.refusals });
    this.#triedAccounts = new LRUCache({ max: mostAddresses });
    this.#isPrivileged = isPrivileged;
  }

  /** Counts a failed login. */
  failedLogin(refused: Refused): void {
    const { failedLogins } = this.#thresholds;
    const tried = this.#accountsTried(refused);
    const who = this.#exceeding(this.#logins, failedLogins, refused);
    if (who === undefined) return;
    const sentence = `${failedLogins} logins or more failed ${who.preposition} ${who.name}`;
    if (tried >= manyAccounts) {
      const all = `${sentence}, for ${tried} accounts`;
      this.#raise("failed logins", who, all, refused, AlertSeverity.CRITICAL);
      return;
    }
    this.#raise("failed logins", who, sentence, refused, AlertSeverity.WARNING);
    const { account } = refused;
    if (account === undefined) return;
    this.#isPrivileged(account).then(
      (privileged) => {
        if (!privileged) return;
        const named = `${sentence}, and ${account} is an admin or operator`;
        this.#raise("failed logins", who, named, refused, AlertSeverity.CRITICAL);
      },
      () => undefined,
    );
  }

  /** A login that succeeds right after many failed, from its address or for its account: the password may be guessed. */
  succeededLogin(accepted: Refused): void {
    const { address, account } = accepted;
    const { failedLogins } = this.#thresholds;
    const nowMs = this.#clock.monotonicMs();
    const failed = (key: string) => this.#logins.count(key, nowMs) >= failedLogins;
    if (!failed(`address ${address}`) && (account === undefined || !failed(`account ${account}`))) return;
    const name = account ?? address;
    this.#raise(
      "login after failures",
      { kind: account === undefined ? "address" : "account", name, preposition: "for" },
      `A login for ${name} succeeded after ${failedLogins} or more failed`,
      accepted,
      AlertSeverity.CRITICAL,
    );
  }

  /** Counts a request that was answered with 401 or 403. All accounts share one alert. */
  refused(refused: Refused): void {
    const { refusals, windowSeconds } = this.#thresholds;
    const who = this.#exceeding(this.#refusals, refusals, refused);
    if (who === undefined) return;
    const sentence = `${refusals} requests or more were refused ${who.preposition} ${who.name}`;
    if (who.kind === "address") {
      this.#raise("refusals", who, sentence, refused, AlertSeverity.WARNING);
      return;
    }
    const totals = this.#refusedAccounts.add(who.name, this.#clock.monotonicMs());
    this.#raiseTotals(
      "refusals by account",
      totals,
      totals.accounts === 1
        ? `${sentence} within ${windowSeconds} s.`
        : `${refusals} requests or more were refused for each of ${totals.accounts} accounts, the last ${who.name}.`,
      refused,
    );
  }

  /**
   * Raises an alert at the first request of a known account for an operation that only operators may do. Each
   * operator has their own alert; all other accounts share one, because anybody may register with any name.
   */
  trespass(refused: Refused & { mayOperate: boolean }): void {
    const { address, account, route, mayOperate } = refused;
    const name = account ?? address;
    const sentence = `${name} attempted ${route} without permission.`;
    if (mayOperate) {
      const details = { address, account: name, route };
      const alert = securityAlert({ key: `unauthorized access ${name}`, message: sentence, details });
      this.#alarm.raise({ ...alert, severity: AlertSeverity.CRITICAL });
      return;
    }
    const totals = this.#trespassers.add(name, this.#clock.monotonicMs());
    const message =
      totals.accounts === 1
        ? sentence
        : `${totals.accounts} accounts attempted ${totals.attempts} times what they have no permission for, the last: ${sentence}`;
    this.#raiseTotals("unauthorized access", totals, message, refused);
  }

  /** The address first: an account is named on its own only when no single address explains it. */
  #exceeding(window: SlidingWindow, threshold: number, { address, account }: Refused): Offender | undefined {
    const nowMs = this.#clock.monotonicMs();
    const fromAddress = window.add(`address ${address}`, nowMs);
    const forAccount = account === undefined ? 0 : window.add(`account ${account}`, nowMs);
    if (fromAddress >= threshold) return { kind: "address", name: address, preposition: "from" };
    if (account === undefined || forAccount < threshold) return undefined;
    return { kind: "account", name: account, preposition: "for" };
  }

  #raiseTotals(key: string, totals: Totals, message: string, { address, account, route }: Refused): void {
    const details = { address, ...(account === undefined ? {} : { account }), route, ...totals };
    const severity = totals.accounts >= manyAccounts ? AlertSeverity.CRITICAL : AlertSeverity.WARNING;
    this.#alarm.raise({ ...securityAlert({ key, message, details }), severity, totals: true });
  }

  #raise(
    what: string,
    { kind, name }: Offender,
    sentence: string,
    { address, account, route }: Refused,
    severity: AlertSeverity,
  ): void {
    const { windowSeconds } = this.#thresholds;
    this.#alarm.raise({
      severity,
      ...securityAlert({
        key: `${what} ${kind} ${name}`,
        message: `${sentence} within ${windowSeconds} s.`,
        details: {
          address,
          ...(account === undefined ? {} : { account }),
          last_route: route,
          window_seconds: windowSeconds,
        },
      }),
    });
  }

  /** How many accounts were tried from the address. */
  #accountsTried({ address, account }: Refused): number {
    const known = this.#triedAccounts.get(address) ?? new AccountTotals();
    this.#triedAccounts.set(address, known);
    return account === undefined ? 0 : known.add(account, this.#clock.monotonicMs()).accounts;
  }
}

interface Offender {
  kind: "address" | "account";
  name: string;
  preposition: "from" | "for";
}
