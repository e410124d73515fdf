import { describe, expect, test } from "vitest";
import { areaPath, linePath, runsOf, sumOf, whereRequested, withoutFlatZeros } from "./columns.ts";
import { placeMarks } from "./labels.ts";
import { scaleMost, timeLabels } from "./plot-options.ts";
import { lastMinute, periodOf, rangeText, readRange, shift, within, zoom } from "./range.ts";
import { clip, lanesOf, rolledBackSpans, union } from "./spans.ts";
import { hourTicks } from "./ticks.ts";

const nowMs = Date.parse("2026-03-10T06:00:20Z");
const at = (time: string) => Date.parse(`2026-03-10T${time}Z`);

describe("a range", () => {
  const read = (text: string | undefined) => readRange(text, { nowMs, fallback: "1h" });

  test("up to now ends with the last minute that every instance has written", () => {
    expect(lastMinute(at("06:00:14"))).toBe(at("05:59"));
    expect(periodOf(read("6h").range, nowMs)).toEqual({ fromMs: at("00:00"), toMs: at("06:00") });
  });

  test("is read from the address as it was written", () => {
    const period = { fromMs: at("01:00"), toMs: at("02:30") };
    expect(rangeText(period)).toBe("2026-03-10T01:00Z/2026-03-10T02:30Z");
    expect(read(rangeText(period))).toEqual({ range: { kind: "fixed", ...period } });
    expect(read(undefined)).toEqual({ range: { kind: "last", name: "1h" } });
  });

  test.each([
    ["yesterday", /not a range/],
    ["toString", /not a range/],
    ["", /not a range/],
    ["2026-03-10T01:00Z/", /not a range/],
    ["2026-03-10T01:00Z/2026-03-10T02:00Z/2026-03-10T03:00Z", /not a range/],
    ["2026-03-10T02:00Z/2026-03-10T01:00Z", /ends before it begins/],
    ["2027-01-01T00:00Z/2027-01-02T00:00Z", /in the future/],
    ["2025-01-01T00:00Z/2026-03-01T00:00Z", /longer than 90 days/],
    ["2025-01-01T00:00Z/2025-01-02T00:00Z", /older than 90 days/],
  ])("that cannot be used falls back with a reason: %s", (text, reason) => {
    expect(read(text)).toEqual({ range: { kind: "last", name: "1h" }, note: expect.stringMatching(reason) });
  });

  test("is widened to five minutes, and never reaches into the future", () => {
    const narrow = within({ fromMs: at("03:00"), toMs: at("03:01") }, nowMs);
    expect(narrow.toMs - narrow.fromMs).toBe(300_000);
    expect(zoom({ fromMs: at("04:00"), toMs: at("06:00") }, 2, nowMs)).toEqual({
      fromMs: at("02:01"),
      toMs: at("06:01"),
    });
    expect(shift({ fromMs: at("02:00"), toMs: at("04:00") }, -1, nowMs).fromMs).toBe(at("01:00"));
  });
});

describe("a column", () => {
  test("is drawn with gaps where nothing was recorded", () => {
    const column = [null, 1, 2, null, 3];
    expect(runsOf(column)).toEqual([
      [1, 2],
      [4, 4],
    ]);
    const [x, y] = [(index: number) => index * 10, (value: number) => 100 - value];
    expect(linePath(column, x, y)).toBe("M10.0 99.0L20.0 98.0M40.0 97.0h1");
    expect(areaPath([1, 2], x, y)).toBe("M0.0 100L0.0 99.0L10.0 98.0V100Z");
    expect(linePath([], x, y)).toBe("");
  });

  test("of durations is unknown without requests", () => {
    expect(whereRequested([5, 0, null], [2, 0, null])).toEqual([5, null, null]);
    expect(sumOf([1, null, 2])).toBe(3);
  });

  test("of rare things keeps the zeros beside them", () => {
    expect(withoutFlatZeros([0, 0, 3, 0, 0, null])).toEqual([null, 0, 3, 0, null, null]);
  });
});

test("a step was rolled back between its moves, from the beginning if the first brings it back, until the end if none does", () => {
  const period = { fromMs: at("00:00"), toMs: at("06:00") };
  const move = (kind: "rollback" | "reapply", steps: number[], time: string) => ({
    kind,
    steps,
    state: "completed" as const,
    finished_at: new Date(at(time)).toISOString(),
  });
  const moves = [
    move("reapply", [21, 22], "02:00"),
    move("rollback", [22], "01:00"),
    move("rollback", [23], "05:00"),
    { ...move("rollback", [24], "03:00"), state: "aborted" as const },
  ];
  expect(rolledBackSpans(moves, [23, 25], period)).toEqual([
    { step: 21, fromMs: at("00:00"), toMs: at("02:00"), isOpen: true },
    { step: 22, fromMs: at("01:00"), toMs: at("02:00"), isOpen: false },
    { step: 23, fromMs: at("05:00"), toMs: at("06:00"), isOpen: true },
    { step: 25, fromMs: at("00:00"), toMs: at("06:00"), isOpen: true },
  ]);
});

test("spans share a lane unless they overlap, and their union has no overlaps", () => {
  const span = (fromMs: number, toMs: number) => ({ fromMs, toMs });
  const spans = [span(0, 2), span(1, 3), span(2, 4), span(6, 7)];
  expect(lanesOf(spans)).toEqual([[span(0, 2), span(2, 4), span(6, 7)], [span(1, 3)]]);
  expect(union(spans)).toEqual([span(0, 4), span(6, 7)]);
  expect(clip(span(-5, 50), span(0, 10))).toEqual(span(0, 10));
});

test("ticks are full hours on the clock of the service, also where it is half an hour off", () => {
  const period = { fromMs: at("00:00"), toMs: at("03:00") };
  const labels = (timeZone: string, everyHours: number) =>
    hourTicks(period, { timeZone, everyHours }).map(({ label }) => label);
  expect(labels("Asia/Kolkata", 1)).toEqual(["06:00", "07:00", "08:00"]);
  expect(labels("UTC", 3)).toEqual(["00:00", "03:00"]);
  // Clocks go forward: 02:00 does not exist.
  const change = { fromMs: Date.parse("2026-03-29T00:00Z"), toMs: Date.parse("2026-03-29T02:00Z") };
  expect(hourTicks(change, { timeZone: "Europe/Berlin", everyHours: 1 }).map(({ label }) => label)).toEqual([
    "01:00",
    "03:00",
    "04:00",
  ]);
});

test("labels of a chart have the date at midnight, and only dates for days", () => {
  const format = { timeZone: "Asia/Kolkata", locale: "en-GB" };
  const seconds = (...times: string[]) => times.map((time) => Date.parse(time) / 1_000);
  expect(timeLabels(seconds("2026-03-09T17:30Z", "2026-03-09T18:30Z"), format)).toEqual(["23:00", "10 Mar"]);
  expect(timeLabels(seconds("2026-03-09T00:00Z", "2026-03-10T00:00Z"), format)).toEqual(["9 Mar", "10 Mar"]);
});

test("a threshold far above the values does not flatten them", () => {
  const threshold = { at: 1_000, label: "alert" };
  expect(scaleMost(100, threshold)).toBeCloseTo(1_120);
  expect(scaleMost(50, threshold)).toBeCloseTo(56);
  expect(scaleMost(50, threshold, true)).toBeCloseTo(1_120);
  expect(scaleMost(0, undefined)).toBe(1);
});

test("the newest marks get their labels, at the side with room; icons that would cover others are left out", () => {
  const mark = (atMs: number, label: string) => ({ atMs, label });
  const placed = placeMarks(
    [mark(10, "first"), mark(95, "26 rolled back"), mark(99, "late"), mark(300, "last")],
    (ms) => ms,
    300,
  );
  expect(placed.map(({ mark, label, x }) => [mark.label, label, x])).toEqual([
    ["last", "left", 288],
    ["late", "right", 99],
    ["first", "right", 12],
  ]);
});
