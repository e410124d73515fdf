import { expect, test } from "vitest";
import type { Manifest } from "./manifest.ts";
import { expiredBackups, parseRetention } from "./retention.ts";

const now = new Date("2026-03-10T00:00:00Z");

/** A backup of so many days ago. */
const backup = (days: number, verdict?: "ok" | "failed"): Manifest =>
  ({
    id: `${days}`,
    started_at: new Date(now.getTime() - days * 86_400_000).toISOString(),
    verification: verdict ? { verdict, at: now.toISOString(), duration_ms: 1, checks: [] } : null,
  }) as unknown as Manifest;

const expired = (keep: string, ...manifests: Manifest[]) => {
  const retention = parseRetention(keep);
  if (!retention) throw new Error(keep);
  return expiredBackups(manifests, retention, now).map(({ id }) => id);
};

test("keeps a number of backups, or those up to an age", () => {
  const four = [backup(0, "ok"), backup(2, "ok"), backup(4, "ok"), backup(9, "ok")];
  expect(expired("2", ...four)).toEqual(["4", "9"]);
  expect(expired("3d", ...four)).toEqual(["4", "9"]);
  expect(expired("36h", ...four)).toEqual(["2", "4", "9"]);
  expect(expired("4w", ...four)).toEqual([]);
});

test("never removes the newest backup, nor the newest verified one", () => {
  expect(expired("1d", backup(3), backup(5, "failed"), backup(8, "ok"), backup(9, "ok"))).toEqual(["5", "9"]);
  expect(expired("1", backup(3))).toEqual([]);
});

test.each(["", "0", "7 days", "-1", "1.5d", "d"])("refuses %j", (text) => {
  expect(parseRetention(text)).toBeUndefined();
});
