import { expireApprovals } from "./approvals/expire.ts";
import { markRaised, raiseOverrides } from "./approvals/override.ts";
import type { Alarm } from "./engine/alarm.ts";
import type { Engine } from "./engine/engine.ts";
import { remind } from "./expiry/remind.ts";

const everyMs = 30_000;

/** Expires requests, raises alerts about overrides, and sends reminders. */
export const attendOnce = async (engine: Engine, alarm: Alarm): Promise<void> => {
  await expireApprovals(engine, engine.db);
  await raiseOverrides(engine, alarm);
  await markRaised(engine, alarm);
  await remind(engine, alarm);
};

/**
 * Does so twice a minute. Several instances can do so: each notice is delivered once. Returns a function that stops it
 * and waits for the current check.
 */
export const attendRepeatedly = (engine: Engine, alarm: Alarm): (() => Promise<void>) => {
  let looking: Promise<void> | undefined;
  let failing = false;
  const look = async () => {
    try {
      await attendOnce(engine, alarm);
      failing = false;
    } catch (error) {
      // Logged once per outage of the database, which has its own alert.
      if (!failing) engine.log.warn({ err: error }, "approvals and due re-applies could not be checked");
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
