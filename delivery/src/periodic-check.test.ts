import { afterEach, beforeEach, expect, test, vi } from "vitest";
import { PeriodicCheck } from "./periodic-check.ts";

beforeEach(() => {
  vi.useFakeTimers();
});
afterEach(() => {
  vi.useRealTimers();
});

const minutes = (count: number) => vi.advanceTimersByTimeAsync(count * 60_000);

test("checks at the start and every five minutes, whatever a check comes to, until it is stopped", async () => {
  let checks = 0;
  const warnings: unknown[] = [];
  const check = async () => {
    checks++;
    if (checks === 2) throw new Error("the database is away");
  };
  const repeated = new PeriodicCheck({ check, log: { warn: (line: unknown) => void warnings.push(line) } });
  repeated.start();
  expect(checks).toBe(1);
  await minutes(11);
  expect([checks, warnings.length]).toEqual([3, 1]);
  await repeated.stop();
  await minutes(30);
  expect(checks).toBe(3);
});

test("a check that takes long is not begun a second time, and is awaited at the end", async () => {
  let checks = 0;
  let finish = () => {};
  const check = () => {
    checks++;
    return new Promise<void>((resolve) => {
      finish = resolve;
    });
  };
  const repeated = new PeriodicCheck({ check, log: { warn: () => undefined } });
  repeated.start();
  await minutes(12);
  expect(checks).toBe(1);
  let stopped = false;
  const stopping = repeated.stop().then(() => {
    stopped = true;
  });
  await minutes(1);
  expect(stopped).toBe(false);
  finish();
  await stopping;
  expect(stopped).toBe(true);
});
