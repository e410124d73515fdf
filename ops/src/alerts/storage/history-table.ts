import { type Kysely, sql } from "kysely";
import { type HistoryFilter, type HistoryPage, pageFrom, placeOf } from "../incidents/history-filter.ts";
import { statisticsDays, type Tally } from "../incidents/statistics.ts";
import type { Alert } from "../model/alert.ts";
import type { AlertRecord } from "../model/record.ts";
import { sanitizeDetails, storableJson } from "../model/sanitize.ts";

type Database = Kysely<unknown>;

const keptDays = 90;
const prunedAtOnce = 1_000;

export interface AlertRow extends Omit<Alert, "fired_at" | "resolved_at"> {
  fired_at: Date;
  resolved_at: Date | null;
}

interface Row extends AlertRow, Omit<AlertRecord, "alert"> {}

export const alertColumns = sql`id, type, key, severity, state, message, details, fired_at, resolved_at, acknowledged`;
const columns = sql`${alertColumns}, instance, decisions, attempts`;

export const alertFrom = (row: AlertRow): Alert => ({
  ...row,
  // It may have been written by an older version, which took any.
  details: sanitizeDetails(row.details),
  fired_at: row.fired_at.toISOString(),
  resolved_at: row.resolved_at?.toISOString() ?? null,
});

const recordFrom = ({ instance, decisions, attempts, ...row }: Row): AlertRecord => ({
  alert: alertFrom(row),
  instance,
  decisions,
  attempts,
});

/** Writes records, new ones and later versions of known ones, in one statement. */
export const saveRecords = async (db: Database, records: readonly AlertRecord[]): Promise<void> => {
  if (records.length === 0) return;
  const rows = records.map(({ alert, instance, decisions, attempts }) => ({
    ...alert,
    instance,
    decisions,
    attempts,
  }));
  await sql`
    insert into earlybird.alert_history (${columns})
    select ${columns} from jsonb_to_recordset(${storableJson(rows)}::jsonb) as r (
      id text, type text, key text, severity text, state text, message text, details jsonb,
      fired_at timestamptz, resolved_at timestamptz, acknowledged jsonb, instance text, decisions jsonb, attempts jsonb)
    on conflict (id) do update set
      severity = excluded.severity, state = excluded.state, message = excluded.message, details = excluded.details,
      resolved_at = excluded.resolved_at, acknowledged = excluded.acknowledged, decisions = excluded.decisions, attempts = excluded.attempts,
      saved_at = clock_timestamp()`.execute(db);
};

/** @throws Failure EB_ALERT_PAGE */
export const readPage = async (db: Database, filter: HistoryFilter): Promise<HistoryPage> => {
  const { limit, type = null, severity = null, state = null, before = null, page } = filter;
  const place = page === undefined ? undefined : placeOf(page);
  const { rows } = await sql<Row>`
    select ${columns} from earlybird.alert_history
    where (${type}::text is null or type = ${type})
      and (${severity}::text is null or severity = ${severity})
      and (${state}::text is null or state = ${state})
      and (${before}::timestamptz is null or fired_at < ${before})
      and ${place ? sql`(fired_at, id) < (${place.fired_at}::timestamptz, ${place.id}::text)` : sql`true`}
    order by fired_at desc, id desc
    limit ${limit + 1}`.execute(db);
  return pageFrom(rows.map(recordFrom), limit);
};

export const findRecord = async (db: Database, id: string): Promise<AlertRecord | undefined> => {
  const { rows } = await sql<Row>`
    select ${columns} from earlybird.alert_history where id = ${id}`.execute(db);
  return rows[0] && recordFrom(rows[0]);
};

/** Instances write a firing alert again within this time, by the clock of the database. */
const silentMinutes = 15;

/** Firing alerts as of the last writes of the instances, including each instance's own. */
export const readFiring = async (db: Database): Promise<Alert[]> => {
  const { rows } = await sql<AlertRow>`
    select ${alertColumns} from earlybird.alert_history
    where state = 'firing' and saved_at > now() - make_interval(mins => ${silentMinutes})`.execute(db);
  return rows.map(alertFrom);
};

/** Resolves, in the history, alerts of a process that died and that no other process took over. */
export const endAbandoned = async (db: Database): Promise<void> => {
  await sql`
    update earlybird.alert_history set
      state = 'resolved', resolved_at = saved_at, saved_at = clock_timestamp(),
      message = 'The instance that saw it has not been heard of since. It had said: ' || message
    where state = 'firing' and saved_at <= now() - make_interval(mins => ${silentMinutes})`.execute(db);
};

/**
 * Records written since `mark`, at most a thousand, with the next mark. A transaction that was running may be missed
 * by a mark taken at once, so marks overlap a little.
 *
 * @param mark null for the newest thousand
 */
export const readNews = async (
  db: Database,
  mark: string | null,
): Promise<{ records: AlertRecord[]; mark: string }> => {
  const { rows: times } = await sql<{ mark: string }>`select clock_timestamp()::text as mark`.execute(db);
  const { rows } = await sql<Row>`
    select ${columns} from earlybird.alert_history
    where ${mark === null ? sql`true` : sql`saved_at > ${mark}::timestamptz - interval '5 seconds'`}
    order by fired_at desc, id desc limit 1000`.execute(db);
  return { records: rows.map(recordFrom), mark: times[0]?.mark ?? "" };
};

/** Counts the alerts of the statistics period. An alert that several instances raised counts once. */
export const readTallies = async (db: Database, now: Date): Promise<Tally[]> => {
  const { rows } = await sql<Omit<Tally, "hour"> & { hour: Date }>`
    select type, severity, date_trunc('hour', fired_at, 'UTC') as hour,
      count(*)::int as alerts, count(resolved_at)::int as resolved,
      coalesce(sum(greatest(0, extract(epoch from resolved_at - fired_at))), 0)::float8 as resolve_seconds
    from (
      select *, max(coalesce(resolved_at, 'infinity')) over (
        partition by type, key order by fired_at, id rows between unbounded preceding and 1 preceding
      ) as seen_until
      from earlybird.alert_history
      where fired_at > ${now}::timestamptz - make_interval(days => ${statisticsDays})
    ) as seen
    where seen_until is null or seen_until <= fired_at
    group by 1, 2, 3`.execute(db);
  return rows.map(({ hour, ...tally }) => ({ ...tally, hour: hour.toISOString() }));
};

/** Removes up to a thousand records older than 90 days, by both clocks; true if there are more. */
export const prune = async (db: Database, now: Date): Promise<boolean> => {
  // An instance whose clock is ahead removes nothing for all others.
  const oldest = sql`least(${now}::timestamptz, now()) - make_interval(days => ${keptDays})`;
  const { rows } = await sql`
    delete from earlybird.alert_history where id in (
      select id from earlybird.alert_history
      where fired_at < ${oldest}
      order by fired_at limit ${prunedAtOnce} for update skip locked)
    returning id`.execute(db);
  await sql`
    delete from earlybird.alert_mutes
    where until < ${oldest}`.execute(db);
  await sql`
    delete from earlybird.alert_windows
    where least(ended_at, (schedule->>'until')::timestamptz) < ${oldest}`.execute(db);
  await sql`
    delete from earlybird.alert_acknowledgements
    where at < ${oldest}`.execute(db);
  await sql`
    delete from earlybird.alert_claims
    where seen_at < ${oldest}`.execute(db);
  return rows.length === prunedAtOnce;
};
