import type { Manifest } from "./manifest.ts";

/** How long backups are kept: a number of them, or an age. */
export type Retention =
  | { readonly kind: "count"; readonly count: number }
  | { readonly kind: "age"; readonly ageMs: number };

const unitMs: Readonly<Record<string, number>> = { h: 3_600_000, d: 86_400_000, w: 604_800_000 };

/** Reads `7` (backups), `36h`, `7d` or `4w`; undefined if it is none of them. */
export const parseRetention = (text: string): Retention | undefined => {
  const [, number, unit] = /^([1-9]\d{0,3})([hdw]?)$/.exec(text) ?? [];
  if (number === undefined) return undefined;
  if (!unit) return { kind: "count", count: Number(number) };
  return { kind: "age", ageMs: Number(number) * (unitMs[unit] ?? 0) };
};

/**
 * The backups to remove. Never the newest one, nor the newest verified one, however old.
 *
 * @param manifests the newest first
 */
export const expiredBackups = (
  manifests: readonly Manifest[],
  retention: Retention,
  now: Date,
): Manifest[] => {
  const lastVerified = manifests.find(({ verification }) => verification?.verdict === "ok");
  return manifests.filter((manifest, index) => {
    if (index === 0 || manifest === lastVerified) return false;
    if (retention.kind === "count") return index >= retention.count;
    return now.getTime() - Date.parse(manifest.started_at) > retention.ageMs;
  });
};
