import { InvalidArgumentError } from "commander";
import { zoneUnknown } from "../alerts/index.ts";
import { isTimeZone, momentsOf } from "../core/zoned-time.ts";

/** A time that may have no offset; then it is on the clock of a zone. Results are ISO 8601. */
export interface PlannedTime {
  /** @throws Failure EB_TIME_ZONE */
  first(zone: string): string;
  /** The later one where clocks are set back. @throws Failure EB_TIME_ZONE */
  last(zone: string): string;
}

const isoTime = /^(\d{4}-\d\d-\d\dT\d\d:\d\d(?::\d\d)?)(Z|[+-]\d\d:\d\d)?$/;

/** Reads an option such as `2026-12-01T02:00` or `2026-12-01T02:00+05:30`. */
export const plannedTime = (text: string): PlannedTime => {
  const [, local = "", offset] = isoTime.exec(text) ?? [];
  const atMs = Date.parse(local + (offset ?? "Z"));
  if (Number.isNaN(atMs))
    throw new InvalidArgumentError(
      "The value must be a time, such as 2026-12-01T02:00 or 2026-12-01T02:00+05:30.",
    );
  const moments = (zone: string) => {
    if (!isTimeZone(zone)) throw zoneUnknown({ zone });
    return offset === undefined ? momentsOf(atMs, zone) : { firstMs: atMs, lastMs: atMs };
  };
  return {
    first: (zone) => new Date(moments(zone).firstMs).toISOString(),
    last: (zone) => new Date(moments(zone).lastMs).toISOString(),
  };
};
