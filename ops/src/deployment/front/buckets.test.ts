import fc from "fast-check";
import { expect, test } from "vitest";
import { fullWeight } from "../traffic/traffic-switch.ts";
import { bucketOfClient, slotOfBucket } from "./buckets.ts";

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
