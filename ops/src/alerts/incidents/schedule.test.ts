import { expect, test } from "vitest";
import { periodOf, readWeeklyTime } from "./schedule.ts";

const at = (text: string) => Date.parse(`${text}Z`);
const iso = (ms: number) => new Date(ms).toISOString().slice(0, "2026-01-05T04:00".length);

test.each([
  ["sun 02:00-04:00", [0]],
  ["Sunday 02:00-04:00", [0]],
  [" mon-fri  22:00-06:00 ", [1, 2, 3, 4, 5]],
  ["fri-mon 00:00-24:00", [5, 6, 0, 1]],
  ["sat,sun 00:00-00:00", [6, 0]],
  ["daily 23:59-00:00", [0, 1, 2, 3, 4, 5, 6]],
])("%j is on days %j", (text, days) => {
  expect([...(readWeeklyTime(text)?.days ?? [])]).toEqual(days);
});

test.each([
  "",
  "sun",
  "02:00-04:00",
  "sun 2:00-4:00",
  "sun 24:00-02:00",
  "sun 02:00-25:00",
  "sun 02:00 04:00",
  "sun 02:00-04:00 UTC",
  "so 02:00-04:00",
  "sun,,mon 02:00-04:00",
  "sun- 02:00-04:00",
  "sun-mon-tue 02:00-04:00",
  "-".repeat(10_000),
])("%j is no weekly time", (text) => {
  expect(readWeeklyTime(text)).toBeUndefined();
});

const berlin = "Europe/Berlin";
test.each([
  // A Thursday; the next Sunday, the one before, and its limits.
  ["sun 02:00-04:00", berlin, "2026-07-02T12:00", "2026-07-05T00:00", "2026-07-05T02:00"],
  ["sun 02:00-04:00", berlin, "2026-07-05T01:59", "2026-07-05T00:00", "2026-07-05T02:00"],
  ["sun 02:00-04:00", berlin, "2026-07-05T02:00", "2026-07-12T00:00", "2026-07-12T02:00"],
  ["sun 02:00-04:00", "Asia/Kolkata", "2026-07-02T12:00", "2026-07-04T20:30", "2026-07-04T22:30"],
  // Over midnight, on the day after its day.
  ["mon-fri 22:00-06:00", berlin, "2026-07-04T01:00", "2026-07-03T20:00", "2026-07-04T04:00"],
  ["mon-fri 22:00-06:00", berlin, "2026-07-04T04:00", "2026-07-06T20:00", "2026-07-07T04:00"],
  ["daily 00:00-24:00", berlin, "2026-07-02T12:00", "2026-07-01T22:00", "2026-07-02T22:00"],
  // Clocks are set forward from 02:00 to 03:00 on 29 March.
  ["sun 01:00-04:00", berlin, "2026-03-29T00:00", "2026-03-29T00:00", "2026-03-29T02:00"],
  ["sun 02:30-04:00", berlin, "2026-03-29T00:00", "2026-03-29T01:00", "2026-03-29T02:00"],
  ["sun 01:00-02:30", berlin, "2026-03-29T00:00", "2026-03-29T00:00", "2026-03-29T01:00"],
  ["sun 02:00-03:00", berlin, "2026-03-29T00:00", "2026-04-05T00:00", "2026-04-05T01:00"],
  ["sat 22:00-06:00", berlin, "2026-03-28T22:00", "2026-03-28T21:00", "2026-03-29T04:00"],
  // Clocks are set back from 03:00 to 02:00 on 25 October.
  ["sun 02:00-04:00", berlin, "2026-10-24T12:00", "2026-10-25T00:00", "2026-10-25T03:00"],
  ["sun 02:00-02:30", berlin, "2026-10-24T12:00", "2026-10-25T00:00", "2026-10-25T01:30"],
  ["sun 01:00-02:00", berlin, "2026-10-24T12:00", "2026-10-24T23:00", "2026-10-25T01:00"],
  ["sun 03:00-04:00", berlin, "2026-10-24T12:00", "2026-10-25T02:00", "2026-10-25T03:00"],
  ["sun 01:00-03:00", "America/New_York", "2026-11-01T05:30", "2026-11-01T05:00", "2026-11-01T08:00"],
])("%s in %s, at %s UTC, is open from %s until %s", (every, zone, now, from, until) => {
  const { fromMs = 0, untilMs = 0 } = periodOf({ every, zone }, at(now)) ?? {};
  expect([iso(fromMs), iso(untilMs)]).toEqual([from, until]);
});

test("a schedule for one time has no period after its end", () => {
  const once = { from: "2026-07-01T00:00:00.000Z", until: "2026-07-01T02:00:00.000Z" };
  const period = { fromMs: at("2026-07-01T00:00"), untilMs: at("2026-07-01T02:00") };
  expect(periodOf(once, at("2026-06-01T00:00"))).toEqual(period);
  expect(periodOf(once, at("2026-07-01T01:59"))).toEqual(period);
  expect(periodOf(once, at("2026-07-01T02:00"))).toBeUndefined();
});
