import { addDays, type BusinessClock, firstOfMonth, today } from "../calendar.ts";
import type { SeededRandom } from "./seeded-random.ts";

/** How large the demo is and which days it covers; days are `YYYY-MM-DD`. */
export interface Plan {
  random: SeededRandom;
  customers: number;
  days: number;
  firstDay: string;
  /** Of the business. */
  timeZone: string;
  /** The moment at which the demo stands still: what was due by then has happened, and nothing later has. */
  now: Date;
  today: string;
  tomorrow: string;
  /** The first of today's month: the months before are billed. */
  thisMonth: string;
  /** The first day on which the changes were in production; the days before are yesterday's way of working. */
  changedOn: string;
}

export const makePlan = (
  size: { customers: number; days: number },
  random: SeededRandom,
  clock: BusinessClock,
): Plan => {
  const day = today(clock);
  const firstDay = addDays(day, 1 - size.days);
  return {
    random,
    ...size,
    firstDay,
    timeZone: clock.timeZone,
    now: clock.now(),
    today: day,
    tomorrow: addDays(day, 1),
    thisMonth: firstOfMonth(day),
    changedOn: addDays(firstDay, Math.floor(size.days / 3)),
  };
};
