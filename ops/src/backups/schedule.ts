import { momentsOf, wallClock } from "../core/zoned-time.ts";

const dayMs = 86_400_000;

/**
 * The last moment, not after `now`, at which a daily backup was due. Where clocks are set back over the time, it is due
 * once, at the first of the two moments; where they are set forward over it, at the change.
 *
 * @param time `HH:MM` on the clocks of the zone
 */
export const lastDue = (time: string, zone: string, now: Date): Date => {
  const [hours = 0, minutes = 0] = time.split(":").map(Number);
  const todayMs = Math.floor(wallClock(now.getTime(), zone) / dayMs) * dayMs;
  const dueOn = (startOfDayMs: number) =>
    momentsOf(startOfDayMs + (hours * 60 + minutes) * 60_000, zone).firstMs;
  const due = [todayMs, todayMs - dayMs].map(dueOn).find((atMs) => atMs <= now.getTime());
  return new Date(due ?? dueOn(todayMs - 2 * dayMs));
};
