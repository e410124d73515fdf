import { sql } from "kysely";
import { afterEach, expect, test } from "vitest";
import { StandingClock } from "../../../test/support/clock.ts";
import { type Demo, loadDemo } from "../../../test/support/demo.ts";
import { startOfDay } from "../calendar.ts";
import { dayOfLastCutOff, readOpenDeliveries } from "../deliveries/open-deliveries.ts";

let demo: Demo;
afterEach(async () => {
  await demo?.database.drop();
});

/** How many deliveries the rule of DELIVERY_ISSUE finds open. */
const openAt = async (clock: StandingClock): Promise<number> =>
  (await readOpenDeliveries(demo.db, dayOfLastCutOff(clock))).open;

const moments = sql`
  select created_at as at from users union all select created_at from customers
  union all select created_at from subscriptions union all select created_at from orders
  union all select delivered_at from orders union all select created_at from delivery_statuses
  union all select confirmed_at from delivery_statuses union all select used_at from shared_links`;

test.each([
  ["UTC", "00:05"],
  ["UTC", "05:30"],
  ["UTC", "09:59"],
  ["UTC", "10:00"],
  ["UTC", "16:00"],
  ["UTC", "23:59"],
  ["Asia/Kolkata", "00:05"],
  ["Asia/Kolkata", "10:00"],
  ["Pacific/Auckland", "10:00"],
  ["America/Los_Angeles", "10:00"],
])("loaded in %s at %s, the demo raises no alert, and holds nothing of the future", async (zone, time) => {
  const [hour = 0, minute = 0] = time.split(":").map(Number);
  const midnight = startOfDay("2026-03-10", zone);
  const clock = new StandingClock(
    new Date(midnight.getTime() + (hour * 60 + minute) * 60_000).toISOString(),
    zone,
  );
  demo = await loadDemo({ customers: 60, days: 10, clock });
  expect(await openAt(clock)).toBe(0);
  const late = sql`select at from (${moments}) as moment where at > ${clock.now()}`;
  expect(await demo.offenders(late)).toEqual([]);
  const tomorrow = sql`select from delivery_statuses where delivery_date = '2026-03-11' and status = 'pending'`;
  expect(await demo.offenders(tomorrow)).not.toEqual([]);
});

test("the next morning the rule finds the deliveries that nobody has confirmed since", async () => {
  const clock = new StandingClock("2026-03-10T16:00:00Z");
  demo = await loadDemo({ customers: 60, days: 10, clock });
  clock.set("2026-03-11T10:00:00Z");
  expect(await openAt(clock)).toBeGreaterThan(0);
});
