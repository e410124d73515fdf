import { momentsOf, wallClock } from "../../core/zoned-time.ts";

const hourMs = 3_600_000;
const dayMs = 24 * hourMs;
/** When milk is delivered, on the clocks of the business. */
const fromHour = 4;
const untilHour = 8;

/**
 * The mornings, 04:00 to 08:00 on the clocks of the zone, that are as a whole between two moments.
 *
 * @returns their beginnings, oldest first
 */
export const morningsWithin = (from: Date, until: Date, zone: string): Date[] => {
  const mornings: Date[] = [];
  const firstDayMs = Math.floor(wallClock(from.getTime(), zone) / dayMs) * dayMs;
  for (let dayStartMs = firstDayMs; ; dayStartMs += dayMs) {
    const beginsMs = momentsOf(dayStartMs + fromHour * hourMs, zone).firstMs;
    const endsMs = momentsOf(dayStartMs + untilHour * hourMs, zone).lastMs;
    if (endsMs > until.getTime()) return mornings;
    if (beginsMs >= from.getTime()) mornings.push(new Date(beginsMs));
  }
};
