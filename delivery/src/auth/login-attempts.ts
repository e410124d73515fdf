import { createHmac } from "node:crypto";
import { tooManyRequests } from "@earlybird-ops/platform";
import { loopback, networkOf } from "../addresses.ts";
import type { ApiContext } from "../context.ts";
import { type Budget, countAttempt, giveBack, limits, rememberAddress } from "./login-budgets.ts";

/**
 * The maximum of concurrent logins in one process. Others are refused before they query the database. It is lower than the
 * queue for hashing, so that a flood of logins leaves room for registrations.
 */
const loginsAtOnce = 24;
const retryAfterSeconds = 2;

type Context = Pick<ApiContext, "db" | "clock" | "jwtSecret">;

/** `incomplete`: the password is right and the code of the second factor is missing. It does not count as a guess. */
export type Verdict = "right" | "incomplete" | "wrong";

/** Checks within the budgets. */
export type CheckWithinBudgets = ReturnType<typeof createLoginAttempts>["check"];

/** Neither emails nor addresses are stored: a key reveals nothing without the secret. */
const keysWith =
  (secret: string) =>
  (...parts: string[]): string =>
    createHmac("sha256", secret).update(JSON.stringify(parts)).digest("base64url");

/**
 * Checks passwords within the budgets of {@link limits}. An attempt is counted before the password is checked and
 * uncounted if it is right, so that concurrent guesses are limited like consecutive ones.
 *
 * For an address from which the account has logged in recently, only the budget of the pair applies: strangers who
 * exhaust the others cannot lock a user out.
 */
export const createLoginAttempts = ({ db, clock, jwtSecret }: Context) => {
  const keyOf = keysWith(jwtSecret);
  const inTurn = createTurns();
  let underWay = 0;

  const check = async (
    { account, address }: { account: string; address: string },
    look: () => Promise<Verdict>,
  ): Promise<Verdict> => {
    const network = networkOf(address);
    const budgets: Budget[] = [
      { key: keyOf("pair", account, network), limit: limits.pair },
      { key: keyOf("account", account), limit: limits.account, strangersOnly: true },
    ];
    if (!loopback.includes(address)) {
      budgets.push({ key: keyOf("address", network), limit: limits.address, strangersOnly: true });
    }
    const knownKey = keyOf("known", account, network);
    return inTurn(knownKey, async () => {
      const counted = await countAttempt(db, { now: clock.now(), budgets, knownKey });
      const verdict = await look().catch(async (error: unknown) => {
        // The password was not checked.
        await giveBack(db, counted);
        throw error;
      });
      if (verdict !== "wrong") await giveBack(db, counted);
      // A password alone can be stolen: only a complete login makes an address known.
      if (verdict === "right") await rememberAddress(db, knownKey, clock.now());
      return verdict;
    });
  };

  return {
    /**
     * Runs a login unless too many are running.
     *
     * @throws Failure EB_TOO_MANY_REQUESTS
     */
    admit: async <T>(login: () => Promise<T>): Promise<T> => {
      if (underWay >= loginsAtOnce) throw tooManyRequests(retryAfterSeconds);
      underWay += 1;
      try {
        return await login();
      } finally {
        underWay -= 1;
      }
    },
    /**
     * Checks credentials if the budgets of `account` and `address` permit it.
     *
     * @throws Failure EB_TOO_MANY_REQUESTS
     */
    check,
  };
};

/**
 * Runs work of the same key sequentially: concurrent right passwords would otherwise exhaust the budget before they are
 * uncounted.
 */
const createTurns = () => {
  const last = new Map<string, Promise<unknown>>();
  return <T>(key: string, work: () => Promise<T>): Promise<T> => {
    const turn = (last.get(key) ?? Promise.resolve()).then(work, work);
    last.set(key, turn);
    const leave = () => {
      if (last.get(key) === turn) last.delete(key);
    };
    turn.then(leave, leave);
    return turn;
  };
};

/**
 * Counts an anonymous request against the budget of its address, whatever the result.
 *
 * @throws Failure EB_TOO_MANY_REQUESTS
 */
export const countStranger = async (
  { db, clock, jwtSecret }: Context,
  kind: "registration" | "invitation" | "reset",
  address: string,
): Promise<void> => {
  if (loopback.includes(address)) return;
  const key = keysWith(jwtSecret)(kind, networkOf(address));
  await countAttempt(db, { now: clock.now(), budgets: [{ key, limit: limits[kind] }] });
};
