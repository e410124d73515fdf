import type { Logger } from "../../core/logger.ts";
import { quotedName, unformatted } from "../../core/safe-names.ts";
import { sanitizeText } from "../model/sanitize.ts";
import type { BruteForceDetector, Refused } from "./brute-force-detector.ts";

/** A request that got a response of 400 or more, from any framework. */
export interface Refusal {
  address: string;
  /** Method and template. */
  route: string;
  status: number;
  /** Error code of the response. */
  code?: string | undefined;
  /** Set for a request to a login route, with the account that it tries, if it names one. */
  login?: { account: unknown } | undefined;
  /** The account of the request; null if it is unknown. */
  whoIs: () => Promise<{ id: string; name: string } | null>;
}

export interface RefusalCounting {
  watch: BruteForceDetector;
  /** Error codes of denied requests that are not suspicious. */
  harmless: readonly string[];
  log: Pick<Logger, "debug">;
}

/** 429 answers too many attempts, so an attempt after it counts as well. */
const failedLogin = new Set([401, 429]);

/** Reports a request to the detector if it was denied. */
export const countRefusal = (refusal: Refusal, { watch, harmless, log }: RefusalCounting): void => {
  const { address, route, status, code, login } = refusal;
  if (code !== undefined && harmless.includes(code)) return;
  if (login !== undefined && failedLogin.has(status)) {
    watch.failedLogin({ address, route, account: accountFrom(login.account) });
  } else if (status === 401) {
    watch.refused({ address, route });
  } else if (status === 403) {
    void withAccount(refusal, log).then((refused) => watch.refused(refused));
  }
};

/** The account needs the database, which may be unavailable; the address is always known. */
export const withAccount = async (
  { address, route, whoIs }: Pick<Refusal, "address" | "route" | "whoIs">,
  log: Pick<Logger, "debug">,
): Promise<Refused> => {
  try {
    const person = await whoIs();
    return person === null
      ? { address, route }
      : { address, route, account: `${quotedName(person.name)} (${person.id})` };
  } catch (err) {
    log.debug({ err }, "the account of a denied request could not be read");
    return { address, route };
  }
};

/** An address of mail has at most 254 characters. */
const longestAccount = 254;

/** The account that a login tries, if it names one: its body may not be validated. */
export const accountFrom = (named: unknown): string | undefined =>
  typeof named === "string" ? unformatted(sanitizeText(named, longestAccount)) : undefined;
