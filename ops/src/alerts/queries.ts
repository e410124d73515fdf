import { isWithin, type PeriodPage } from "../database/period-page.ts";
import { knownBegun, type PastMute } from "./incidents/begun.ts";
import type { HistoryFilter, HistoryPage } from "./incidents/history-filter.ts";
import { type AlertSummary, statisticsOf, tallyOf } from "./incidents/statistics.ts";
import type { Alert } from "./model/alert.ts";
import { oneOfEach } from "./model/fingerprint.ts";
import type { AlertRecord } from "./model/record.ts";
import { alertUnknown, type Explanation, explain } from "./notify/explain.ts";
import type { Pipeline } from "./pipeline.ts";

/** Alerts that fire in this process. */
export const activeHere = ({ incidents }: Pipeline): Alert[] => incidents.firing().map(({ alert }) => alert);

/** The number of firing alerts, 0 or 1, by the key of each declared alert. */
export const firingDeclared = ({ declared, incidents }: Pipeline): Record<string, number> =>
  Object.fromEntries(
    declared.map(({ type, key = "" }) => [key, incidents.find(type, key) === undefined ? 0 : 1]),
  );

/** Alerts that fire in any instance, as of the last contact; an alert that several instances raised, once. */
export const activeAnywhere = (pipeline: Pipeline): Alert[] => {
  const { shared, records } = pipeline;
  const others = shared?.firing.filter(({ id }) => !records.isOurs(id)) ?? [];
  return oneOfEach([...activeHere(pipeline), ...others]);
};

/** A page from memory if it is complete there, otherwise from the database. */
export const historyOf = async (
  { shared, records }: Pipeline,
  filter: HistoryFilter,
): Promise<HistoryPage> => {
  const page = records.page(filter);
  const isComplete = page.next !== null || !records.isFull;
  if (!shared || (isComplete && shared.hasRead)) return page;
  return (await shared.page(filter)) ?? page;
};

/** A page of what began in a period. It is incomplete if the database does not answer. */
export interface Begun<Entry> {
  entries: Entry[];
  isComplete: boolean;
}

/** The alerts that fired in a period: from memory if they are all there, otherwise from the database. */
export const alertsBegun = async ({ shared, records }: Pipeline, page: PeriodPage): Promise<Begun<Alert>> => {
  const { alerts, isComplete } = knownBegun(records, page);
  if (!shared || (isComplete && shared.hasRead)) return { entries: alerts, isComplete: true };
  const stored = await shared.alertsBegun(page);
  return { entries: stored ?? alerts, isComplete: stored !== undefined };
};

/** The mutes that were set in a period; without the database, those in force. */
export const mutesBegun = async (
  { shared, silences, clock }: Pipeline,
  page: PeriodPage,
): Promise<Begun<PastMute>> => {
  const stored = await shared?.mutesBegun(page);
  if (stored) return { entries: stored, isComplete: true };
  const inForce = silences
    .all(clock.now())
    .filter(({ muted_at, id }) => isWithin(page, muted_at, id))
    .sort((a, b) => (a.muted_at === b.muted_at ? (a.id < b.id ? 1 : -1) : a.muted_at < b.muted_at ? 1 : -1))
    .slice(0, page.limit)
    .map((mute) => ({ ...mute, ended_at: null, ended_by: null }));
  return { entries: inForce, isComplete: shared === undefined };
};

export const summaryOf = (pipeline: Pipeline): AlertSummary => {
  const { clock, shared, records, silences, dispatcher } = pipeline;
  const now = clock.now();
  return {
    active: activeAnywhere(pipeline).length,
    muted: silences.all(now),
    channels: dispatcher.channels(),
    ...statisticsOf(shared?.tallies ?? records.all().map(tallyOf), now),
  };
};

/** @throws Failure EB_ALERT_UNKNOWN */
export const recordOf = async (
  { records, deliveryLog, shared }: Pipeline,
  id: string,
): Promise<AlertRecord> => {
  const known = deliveryLog.recordOf(id);
  // Another instance may have changed its own alerts since the last read.
  const record = records.isOurs(id) ? known : ((await shared?.find(id)) ?? known);
  if (!record) throw alertUnknown({ id });
  return record;
};

/** @throws Failure EB_ALERT_UNKNOWN */
export const explanationOf = async (pipeline: Pipeline, id: string): Promise<Explanation> =>
  explain(
    await recordOf(pipeline, id),
    pipeline.dispatcher.channels().map(({ channel }) => channel),
  );
