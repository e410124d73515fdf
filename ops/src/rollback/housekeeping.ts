import { expireApprovals } from "./approvals/expire.ts";
import { markRaised, raiseOverrides } from "./approvals/override.ts";
import type { Alarm } from "./engine/alarm.ts";
import type { Engine } from "./engine/engine.ts";
import { remind } from "./expiry/remind.ts";

const everyMs = 30_000;

/** Does what time brings about: ends requests that have lapsed, and tells people what they must hear of. */
export const attendOnce = async (engine: Engine, alarm: Alarm): Promise<void> => {
  await expireApprovals(engine, engine.db);
  await raiseOverrides(engine, alarm);
  await markRaised(engine, alarm);
  await remind(engine, alarm);
};

/**
 * Does so twice a minute, in each instance: what several raise is told once. Returns how to end it, the look under way
 * included.
 */
export const attendRepeatedly = (engine: Engine, alarm: Alarm): (() => Promise<void>) => {
  let looking: Promise<void> | undefined;
  let failing = false;
  const look = async () => {
    try {
      await attendOnce(engine, alarm);
      failing = false;
    } catch (error) {
      // Once for an outage of the database, which has its own alert.
      if (!failing)
        engine.log.warn({ err: error }, "approvals and times to re-apply by could not be looked after");
      failing = true;
    }
  };
  const timer = setInterval(() => {
    looking ??= look().finally(() => {
      looking = undefined;
    });
  }, everyMs).unref();
  return async () => {
    clearInterval(timer);
    await looking;
  };
};
