/** The periods that can be chosen by name, in milliseconds. */
export const presets = {
  "15m": 900_000,
  "1h": 3_600_000,
  "6h": 21_600_000,
  "12h": 43_200_000,
  "24h": 86_400_000,
  "7d": 604_800_000,
  "90d": 7_776_000_000,
} as const;
export type Preset = keyof typeof presets;

export const presetLabels: Record<Preset, string> = {
  "15m": "15 min",
  "1h": "1 h",
  "6h": "6 h",
  "12h": "12 h",
  "24h": "24 h",
  "7d": "7 days",
  "90d": "90 days",
};

export interface Period {
  fromMs: number;
  toMs: number;
}

/** The time up to now, or a fixed period. */
export type Range = { kind: "last"; name: Preset } | ({ kind: "fixed" } & Period);

const minuteMs = 60_000;

/** The data has one value a minute: a shorter period shows hardly anything. */
export const shortestMs = 5 * minuteMs;
const longestMs = presets["90d"];

/** Instances write a minute up to this long after its end. */
const writtenWithinMs = 15_000;

const isPreset = (text: string): text is Preset => Object.hasOwn(presets, text);

/** The end of the last minute that every instance has written. */
export const lastMinute = (nowMs: number): number =>
  Math.floor((nowMs - writtenWithinMs) / minuteMs) * minuteMs;

/**
 * A range from the address of a page: `6h`, or `2026-03-10T01:00Z/2026-03-10T02:00Z`.
 *
 * @returns the range, and a sentence if the text could not be used as it is
 */
export const readRange = (
  text: string | undefined,
  { nowMs, fallback }: { nowMs: number; fallback: Preset },
): { range: Range; note?: string } => {
  const instead = (reason: string) => ({
    range: { kind: "last", name: fallback } as const,
    note: `${reason} Showing the last ${presetLabels[fallback]}.`,
  });
  if (text === undefined) return { range: { kind: "last", name: fallback } };
  if (isPreset(text)) return { range: { kind: "last", name: text } };
  const [fromMs = Number.NaN, toMs = Number.NaN, ...rest] = text.split("/").map((part) => Date.parse(part));
  if (Number.isNaN(fromMs) || Number.isNaN(toMs) || rest.length > 0)
    return instead(`“${text.slice(0, 60)}” is not a range.`);
  if (fromMs >= toMs) return instead("The range ends before it begins.");
  if (fromMs >= nowMs) return instead("The range lies in the future.");
  if (toMs - fromMs > longestMs + minuteMs) return instead("The range is longer than 90 days.");
  if (toMs < nowMs - longestMs) return instead("The range is older than 90 days, for which data is kept.");
  return { range: { kind: "fixed", ...within({ fromMs, toMs }, nowMs) } };
};

/** A period as the address of a page has it, in whole minutes. */
export const rangeText = ({ fromMs, toMs }: Period): string => `${toMinute(fromMs)}/${toMinute(toMs)}`;

const toMinute = (ms: number): string =>
  new Date(Math.round(ms / minuteMs) * minuteMs).toISOString().replace(":00.000Z", "Z");

export const periodOf = (range: Range, nowMs: number): Period => {
  if (range.kind === "fixed") return { fromMs: range.fromMs, toMs: range.toMs };
  const toMs = lastMinute(nowMs);
  return { fromMs: toMs - presets[range.name], toMs };
};

/** A period of a usable length that ends at the present at the latest. */
export const within = ({ fromMs, toMs }: Period, nowMs: number): Period => {
  const lengthMs = Math.min(longestMs, Math.max(shortestMs, toMs - fromMs));
  const middleMs = (fromMs + toMs) / 2;
  const endMs = Math.min(middleMs + lengthMs / 2, Math.ceil(nowMs / minuteMs) * minuteMs);
  return { fromMs: endMs - lengthMs, toMs: endMs };
};

/** The period around the same middle, `factor` times as long. */
export const zoom = ({ fromMs, toMs }: Period, factor: number, nowMs: number): Period => {
  const middleMs = (fromMs + toMs) / 2;
  const halfMs = ((toMs - fromMs) * factor) / 2;
  return within({ fromMs: middleMs - halfMs, toMs: middleMs + halfMs }, nowMs);
};

/** The period moved by a half of its length, -1 into the past and 1 towards now. */
export const shift = ({ fromMs, toMs }: Period, direction: -1 | 1, nowMs: number): Period => {
  const byMs = ((toMs - fromMs) / 2) * direction;
  return within({ fromMs: fromMs + byMs, toMs: toMs + byMs }, nowMs);
};
