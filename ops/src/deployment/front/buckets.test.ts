import fc from "fast-check";
import { expect, test } from "vitest";
import { fullWeight } from "../traffic/traffic-switch.ts";
import { bucketOfClient, slotOfBucket } from "./buckets.ts";
import { clientsPerTick, TickRecorder } from "./ticks.ts";

const weights = (green: number) => ({ blue: fullWeight - green, green });

test("raising the weight of a slot moves no client away from it", () => {
  fc.assert(
    fc.property(
      fc.string(),
      fc.string(),
      fc.nat(fullWeight),
      fc.nat(fullWeight),
      (release, client, one, other) => {
        const [lower, higher] = [Math.min(one, other), Math.max(one, other)];
        const slotAt = (green: number) => slotOfBucket(weights(green), bucketOfClient(release, client));
        if (slotAt(lower) === "green") expect(slotAt(higher)).toBe("green");
        if (slotAt(higher) === "blue") expect(slotAt(lower)).toBe("blue");
        expect(slotAt(0)).toBe("blue");
        expect(slotAt(fullWeight)).toBe("green");
      },
    ),
  );
});

test.each([
  ["addresses", (at: number) => `10.0.${at >> 8}.${at & 255}`],
  ["subjects", (at: number) => `sub USR-${at}`],
])("the share of clients follows the weight, and each release begins with others: %s", (_kind, name) => {
  const clients = Array.from({ length: 20_000 }, (_, at) => name(at));
  for (const green of [100, 1_000, 5_000]) {
    const first = clients.filter((client) => bucketOfClient("r1", client) < green);
    const share = green / fullWeight;
    // Four standard deviations.
    const tolerance = 4 * Math.sqrt(clients.length * share * (1 - share));
    expect(Math.abs(first.length - clients.length * share)).toBeLessThan(tolerance);
    const again = first.filter((client) => bucketOfClient("r2", client) < green);
    expect(Math.abs(again.length - first.length * share)).toBeLessThan(
      4 * Math.sqrt(first.length * share) + 1,
    );
  }
});

test("a tick counts each client once, with its slowest request, up to a limit", () => {
  const recorder = new TickRecorder(new Date(0));
  const count = (client: number, durationMs: number | undefined, failed = false) =>
    recorder.count({ slot: "green", client, durationMs, failed });
  count(1, 0.005);
  count(1, 0.2, true);
  count(1, 0.1);
  count(2, undefined);
  const scope = { weights: weights(100), epoch: 3 };
  const tick = recorder.cut(new Date(5_000), scope);
  expect(tick).toMatchObject({ from: "1970-01-01T00:00:00.000Z", to: "1970-01-01T00:00:05.000Z", ...scope });
  expect(tick.slots.green).toEqual({
    requests: 4,
    failed: 1,
    clients: 2,
    failedClients: 1,
    latency: [
      [5, 1],
      [100, 1],
      [200, 1],
    ],
    slowest: [
      [0, 1],
      [200, 1],
    ],
    capped: false,
  });
  expect(tick.slots.blue).toMatchObject({ requests: 0, clients: 0 });
  for (let client = 0; client < clientsPerTick + 5; client++) count(client, 1);
  expect(recorder.cut(new Date(6_000), scope).slots.green).toMatchObject({
    requests: clientsPerTick + 5,
    clients: clientsPerTick,
    capped: true,
  });
});
