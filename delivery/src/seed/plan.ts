import { addDays, firstOfMonth } from "../calendar.ts";
import type { Chance } from "./chance.ts";

/** How large the demo is and which days it covers; days are `YYYY-MM-DD`. */
export interface Plan {
  chance: Chance;
  customers: number;
  days: number;
  firstDay: string;
  /** The morning on which the demo stands still, at 05:30 in India, which is midnight UTC. */
  today: string;
  tomorrow: string;
  /** The first of today's month: the months before are billed. */
  thisMonth: string;
  /** The first day on which the changes were in production; the days before are yesterday's way of working. */
  changedOn: string;
}

export const makePlan = (size: { customers: number; days: number; today: string }, chance: Chance): Plan => {
  const firstDay = addDays(size.today, 1 - size.days);
  return {
    chance,
    ...size,
    firstDay,
    tomorrow: addDays(size.today, 1),
    thisMonth: firstOfMonth(size.today),
    changedOn: addDays(firstDay, Math.floor(size.days / 3)),
  };
};
