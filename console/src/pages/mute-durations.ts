/** For how long an alert can be muted, by the word in a link such as `?mute=1h`. */
export const muteDurations = {
  "15m": { label: "15 minutes", ms: 15 * 60_000 },
  "1h": { label: "1 hour", ms: 3_600_000 },
  "4h": { label: "4 hours", ms: 4 * 3_600_000 },
  tomorrow: { label: "until tomorrow, 08:00", ms: undefined },
} as const satisfies Record<string, { label: string; ms: number | undefined }>;

export type MuteDuration = keyof typeof muteDurations;

const wakingHour = 8;

export const isMuteDuration = (word: unknown): word is MuteDuration =>
  typeof word === "string" && Object.hasOwn(muteDurations, word);

/** When a mute ends, in milliseconds since 1970, if it begins at `nowMs`. */
export const muteEnd = (duration: MuteDuration, nowMs: number, timeZone: string): number => {
  const { ms } = muteDurations[duration];
  return ms === undefined ? tomorrowAt(wakingHour, nowMs, timeZone) : nowMs + ms;
};

/** An hour of the next day, by the clock of the zone. */
const tomorrowAt = (hour: number, nowMs: number, timeZone: string): number => {
  const today = new Date(nowMs + offsetMs(nowMs, timeZone));
  const wanted = Date.UTC(today.getUTCFullYear(), today.getUTCMonth(), today.getUTCDate() + 1, hour);
  // The offset can change in the night: the second look has the one of the morning.
  const guess = wanted - offsetMs(nowMs, timeZone);
  return wanted - offsetMs(guess, timeZone);
};

/** How far the clock of the zone is ahead of UTC. */
const offsetMs = (atMs: number, timeZone: string): number => {
  const parts = new Intl.DateTimeFormat("en-US", {
    timeZone,
    hourCycle: "h23",
    year: "numeric",
    month: "numeric",
    day: "numeric",
    hour: "numeric",
    minute: "numeric",
    second: "numeric",
  }).formatToParts(atMs);
  const part = (type: string) => Number(parts.find((each) => each.type === type)?.value);
  const local = Date.UTC(
    part("year"),
    part("month") - 1,
    part("day"),
    part("hour"),
    part("minute"),
    part("second"),
  );
  return local - Math.floor(atMs / 1_000) * 1_000;
};
