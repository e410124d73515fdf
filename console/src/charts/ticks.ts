import type { Period } from "./range.ts";

const quarterMs = 900_000;

/** The full hours of a period on the clock of a time zone, every `everyHours`; zones may be a quarter of an hour off. */
export const hourTicks = (
  { fromMs, toMs }: Period,
  { timeZone, everyHours }: { timeZone: string; everyHours: number },
): { atMs: number; label: string }[] => {
  const clock = new Intl.DateTimeFormat("en-GB", {
    timeZone,
    hour: "2-digit",
    minute: "2-digit",
    hourCycle: "h23",
  });
  const ticks = [];
  for (let atMs = Math.ceil(fromMs / quarterMs) * quarterMs; atMs <= toMs; atMs += quarterMs) {
    const label = clock.format(atMs);
    const [hour, minute] = label.split(":").map(Number);
    if (minute === 0 && (hour ?? 0) % everyHours === 0) ticks.push({ atMs, label });
  }
  return ticks;
};
