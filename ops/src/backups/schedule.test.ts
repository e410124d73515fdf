import { expect, test } from "vitest";
import { createLogger } from "../core/logger.ts";
import { attendOnce } from "./attend.ts";
import { lastDue } from "./schedule.ts";

test.each([
  ["on the clocks of the zone", "02:30", "Asia/Kolkata", "2026-03-10T06:00:00Z", "2026-03-09T21:00:00Z"],
  ["of the day before until it is due", "02:30", "UTC", "2026-03-10T02:29:59Z", "2026-03-09T02:30:00Z"],
  ["at the minute itself", "02:30", "UTC", "2026-03-10T02:30:00Z", "2026-03-10T02:30:00Z"],
  [
    "once where clocks are set back",
    "02:30",
    "Europe/Berlin",
    "2026-10-25T01:45:00Z",
    "2026-10-25T00:30:00Z",
  ],
  [
    "at the change where they are set forward",
    "02:30",
    "Europe/Berlin",
    "2026-03-29T05:00:00Z",
    "2026-03-29T01:00:00Z",
  ],
])("a daily backup is due %s", (_, time, zone, now, due) => {
  expect(lastDue(time, zone, new Date(now)).toISOString()).toBe(new Date(due).toISOString());
});

/** Attends once at a time; tells what was done. */
const attend = async (
  now: string,
  { begun = false, verdict = "ok" }: { begun?: boolean; verdict?: "ok" | "failed" } = {},
) => {
  const done: string[] = [];
  const check = { name: "files", verdict, detail: "wal.gz is missing", duration_ms: 1 } as const;
  await attendOnce({
    backups: {
      wasBegunSince: async () => begun,
      create: async () => {
        done.push("create");
        return { id: "7" } as never;
      },
      verify: async () => ({ verdict, at: now, duration_ms: 1, checks: [check] }),
    },
    time: "02:30",
    timeZone: "UTC",
    alarm: {
      raise: ({ message }) => done.push(message),
      resolve: (_, key) => done.push(`resolve ${key}`),
      active: () => [],
    },
    clock: { now: () => new Date(now), monotonicMs: () => 0 },
    log: createLogger("silent"),
  });
  return done;
};

test("a due backup is made once by the fleet; one that is not proven raises an alert that says what to do", async () => {
  expect(await attend("2026-03-10T02:31:00Z")).toEqual(["create", "resolve scheduled backup"]);
  expect(await attend("2026-03-10T02:31:00Z", { begun: true })).toEqual([]);
  expect(await attend("2026-03-10T09:00:00Z")).toEqual([]);
  expect(await attend("2026-03-10T02:31:00Z", { verdict: "failed" })).toEqual([
    "create",
    expect.stringMatching(/7 is not proven \(failed\): files: wal.gz is missing.*earlybird backup create/),
  ]);
});
