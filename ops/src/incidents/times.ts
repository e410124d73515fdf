import { zoneName } from "../core/local-time.ts";
import { wallClock } from "../core/zoned-time.ts";

/** Writes times in a zone, labelled, and in UTC beside it. */
export interface ReportTimes {
  /** `2026-03-10 11:30:00 IST (06:00:00 UTC)`, with the date in UTC where it differs. */
  both(iso: string): string;
  /** `2026-03-10 11:30:00 IST` */
  local(iso: string): string;
  /** `2026-03-10 06:00:00` */
  utc(iso: string): string;
}

/** @param timeZone an IANA name */
export const reportTimes = (timeZone: string): ReportTimes => {
  const shown = (ms: number) => new Date(ms).toISOString().slice(0, 19).replace("T", " ");
  const utc = (iso: string) => shown(Math.floor(Date.parse(iso) / 1_000) * 1_000);
  const wall = (iso: string) => shown(wallClock(Date.parse(iso), timeZone));
  const local = (iso: string) => `${wall(iso)} ${zoneName(new Date(iso), timeZone)}`;
  const both = (iso: string) => {
    const [here, there] = [wall(iso), utc(iso)];
    if (here === there) return `${there} UTC`;
    const isSameDay = here.slice(0, 10) === there.slice(0, 10);
    return `${local(iso)} (${isSameDay ? there.slice(11) : there} UTC)`;
  };
  return { both, local, utc };
};
