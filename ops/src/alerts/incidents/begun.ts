import { isWithin, type PeriodPage } from "../../database/period-page.ts";
import type { Alert } from "../model/alert.ts";
import { fingerprintOf } from "../model/fingerprint.ts";
import type { Mute } from "./mute.ts";
import type { Records } from "./records.ts";

/** A mute with its end, if somebody ended it before its time. */
export interface PastMute extends Mute {
  ended_at: string | null;
  ended_by: string | null;
}

/**
 * The known alerts that fired in a period. An alert that several instances raised counts once, as the first one saw it.
 */
export const knownBegun = (records: Records, page: PeriodPage): { alerts: Alert[]; isComplete: boolean } => {
  const all = records.all().map(({ alert }) => alert);
  const oldest = all.at(-1);
  const fromIso = page.from.toISOString();
  const inPeriod = all.filter(({ fired_at }) => fired_at >= fromIso);
  const alerts = withoutRepeats(inPeriod).filter(({ fired_at, id }) => isWithin(page, fired_at, id));
  return {
    alerts: alerts.slice(0, page.limit),
    isComplete: !records.isFull || (oldest !== undefined && oldest.fired_at < fromIso),
  };
};

/** @param newestFirst in the order in which they are returned */
const withoutRepeats = (newestFirst: readonly Alert[]): Alert[] => {
  const seenUntil = new Map<string, string>();
  return [...newestFirst]
    .reverse()
    .filter((alert) => {
      const until = seenUntil.get(fingerprintOf(alert)) ?? "";
      const end = alert.resolved_at ?? "infinite";
      if (end > until) seenUntil.set(fingerprintOf(alert), end);
      return until <= alert.fired_at;
    })
    .reverse();
};
