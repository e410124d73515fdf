import { type Kysely, type RawBuilder, sql } from "kysely";
import { AlertSeverity, isWorse } from "../model/alert.ts";
import { fingerprintOf } from "../model/fingerprint.ts";
import type { Incident } from "../model/record.ts";
import { askAgainAfterMs, type Claim } from "../notify/deduplication.ts";
import { repeatMs, skewMs } from "../notify/policy.ts";

type Database = Kysely<unknown>;

/** A claim that is not confirmed within this time belongs to a dead instance. */
const confirmWithinMs = 15_000;

/** An instance that has not renewed its claim for this time does not send the end either. */
const silentMs = 60_000;

/** An alert that still fires elsewhere this long after its end is sent again. */
const endIsBelievedMs = 60_000;

type Time = "claimed_at" | "told_at" | "seen_at" | "resolved_at";

/** Whether a time is so far ahead that a clock was set back since; then nothing waits for it. */
const isAhead = (time: Time, now: Date) => sql`${sql.ref(`c.${time}`)} > ${new Date(now.getTime() + skewMs)}`;

/** Whether a time is older than `ms`, or ahead. */
const isOver = (time: Time, ms: number, now: Date) =>
  sql`(${sql.ref(`c.${time}`)} <= ${new Date(now.getTime() - ms)} or ${isAhead(time, now)})`;

const leastFirst = Object.values(AlertSeverity).sort((a, b) => (isWorse(a, b) ? 1 : -1));
const rankOf = (severity: string) => sql`array_position(${leastFirst}::text[], ${sql.ref(severity)})`;

/** The conversations of a claim; a row of an older version names none, and has the one of its alert. */
const openThreads = sql`coalesce(c.threads, array[c.alert])`;

/** The conversations of a claim and of another record. */
const allThreads = (claim: RawBuilder<unknown>, other: RawBuilder<unknown>) =>
  sql`(select array_agg(thread order by place) from (
    select thread, min(place) as place
    from unnest(coalesce(${claim}.threads, array[${claim}.alert]) || ${other}.threads) with ordinality as t (thread, place)
    group by thread) as threads)`;

/** Whether the new severity is higher; false for rows of an older version, which have none. */
const isMoreSevere = sql`${rankOf("excluded.severity")} > ${rankOf("c.severity")}`;

/**
 * Claims the notifications of a firing alert. Each fingerprint has one row, and the instance that writes it sends.
 * The row can be taken over from an instance that died before it sent; after the repeat interval, if the end was sent
 * or the owner is silent; and at any time by a more severe alert, or by one that fired after the end was sent.
 */
export const claimFiring = async (db: Database, incident: Incident, now: Date): Promise<Claim> => {
  const { alert, instance } = incident;
  const fingerprint = fingerprintOf(alert);
  const { rows: ours } = await sql<{ threads: string[] }>`
    insert into earlybird.alert_claims as c
      (fingerprint, alert, threads, instance, severity, fired_at, claimed_at, told_at, seen_at, resolved_at)
    values (${fingerprint}, ${alert.id}, ${[alert.id]}, ${instance}, ${alert.severity}, ${alert.fired_at}, ${now}, null,
      ${now}, null)
    on conflict (fingerprint) do update set
      alert = excluded.alert, instance = excluded.instance, severity = excluded.severity,
      threads = case when c.resolved_at is null then ${openThreads} else excluded.threads end,
      fired_at = excluded.fired_at, claimed_at = excluded.claimed_at, told_at = null,
      seen_at = excluded.seen_at, resolved_at = null
    where (c.alert = excluded.alert and c.resolved_at is null)
      or ${isMoreSevere}
      or c.resolved_at < excluded.fired_at
      or (c.told_at is null and ${isOver("claimed_at", confirmWithinMs, now)})
      or (${isOver("told_at", repeatMs, now)}
        and (${isOver("resolved_at", endIsBelievedMs, now)} or ${isOver("seen_at", 2 * silentMs, now)}))
    returning to_jsonb(${openThreads}) as threads`.execute(db);
  const [row] = ours;
  return row ? { claim: "ours", threads: row.threads } : theirs(db, fingerprint);
};

/**
 * Claims the end of an alert. The owner gets it; another instance gets it if the owner is silent, or did not write
 * since the alert fired; nobody gets it if the start was suppressed as a repetition. A repeated claim for the same
 * alert succeeds, because the first answer may have been lost in a crash; the id of the notification prevents a
 * second delivery.
 */
export const claimResolved = async (db: Database, incident: Incident, now: Date): Promise<Claim> => {
  const { alert, instance, telling, threads = [alert.id] } = incident;
  const fingerprint = fingerprintOf(alert);
  const mayHaveBeenNotified = telling.state !== "elsewhere";
  const { rows: ours } = await sql<{ threads: string[] }>`
    insert into earlybird.alert_claims as c
      (fingerprint, alert, threads, instance, severity, fired_at, claimed_at, told_at, seen_at, resolved_at)
    values (${fingerprint}, ${alert.id}, ${threads}, ${instance}, ${alert.severity}, ${alert.fired_at}, ${now}, ${now},
      ${now}, ${now})
    on conflict (fingerprint) do update set
      threads = case when c.alert = excluded.alert or c.resolved_at is null
        then ${openThreads} else excluded.threads end,
      alert = excluded.alert, instance = excluded.instance, fired_at = excluded.fired_at,
      seen_at = excluded.seen_at, told_at = coalesce(c.told_at, excluded.told_at),
      resolved_at = excluded.resolved_at
    where c.alert = excluded.alert or (c.resolved_at is null and ${isOver("seen_at", silentMs, now)})
      or (${mayHaveBeenNotified} and c.resolved_at < excluded.fired_at) or ${isAhead("resolved_at", now)}
    returning to_jsonb(${openThreads}) as threads`.execute(db);
  const [row] = ours;
  return row ? { claim: "ours", threads: row.threads } : theirs(db, fingerprint);
};

/**
 * Renews the claims of firing alerts, and adds those that were sent without the database. A claim of another instance
 * on a present alert stays, unless it is less severe.
 *
 * @param told the sent alerts, with the time on the wall clock
 * @returns the ids of the alerts that this process keeps; other instances took over the rest
 */
export const renewClaims = async (
  db: Database,
  told: readonly { incident: Incident; told_at: string }[],
  now: Date,
): Promise<ReadonlySet<string>> => {
  if (told.length === 0) return new Set();
  const rows = told.map(({ incident: { alert, instance, threads = [alert.id] }, told_at }) => ({
    fingerprint: fingerprintOf(alert),
    alert: alert.id,
    instance,
    severity: alert.severity,
    fired_at: alert.fired_at,
    told_at,
    threads,
  }));
  const records = sql`jsonb_to_recordset(${JSON.stringify(rows)}::jsonb) as r (
      fingerprint text, alert text, threads text[], instance text, severity text, fired_at timestamptz,
      told_at timestamptz)`;
  const { rows: kept } = await sql<{ alert: string }>`
    insert into earlybird.alert_claims as c
      (fingerprint, alert, threads, instance, severity, fired_at, claimed_at, told_at, seen_at, resolved_at)
    select fingerprint, alert, threads, instance, severity, fired_at, told_at, told_at, ${now}::timestamptz, null
    from ${records}
    order by fingerprint
    on conflict (fingerprint) do update set
      threads = case when c.resolved_at is null then ${allThreads(sql`c`, sql`excluded`)} else excluded.threads end,
      alert = excluded.alert, instance = excluded.instance, severity = excluded.severity,
      fired_at = excluded.fired_at, told_at = excluded.told_at, seen_at = excluded.seen_at, resolved_at = null
    where (c.alert = excluded.alert and c.resolved_at is null)
      or ${isMoreSevere}
      or c.resolved_at < excluded.fired_at or ${isAhead("resolved_at", now)}
      or (c.resolved_at is null and ${isOver("seen_at", 2 * silentMs, now)})
    returning c.alert`.execute(db);
  if (kept.length < rows.length) {
    // Without the database, this instance opened a conversation of its own; the end closes that, too.
    await sql`
      update earlybird.alert_claims c set threads = ${allThreads(sql`c`, sql`r`)}
      from ${records}
      where c.fingerprint = r.fingerprint and c.alert <> r.alert and c.resolved_at is null
        and not r.threads <@ ${openThreads}`.execute(db);
  }
  return new Set(kept.map(({ alert }) => alert));
};

interface TheirRow {
  alert: string;
  instance: string;
  threads: string[];
  told_at: Date | null;
  has_ended: boolean;
}

const theirs = async (db: Database, fingerprint: string): Promise<Claim> => {
  const { rows } = await sql<TheirRow>`
    select alert, instance, told_at, resolved_at is not null as has_ended, to_jsonb(${openThreads}) as threads
    from earlybird.alert_claims c where fingerprint = ${fingerprint}`.execute(db);
  const [row] = rows;
  // It existed a moment ago: it was pruned, and has no owner now.
  if (!row) return { claim: "unknown" };
  const { alert, instance, threads, told_at, has_ended: hasEnded } = row;
  const afterMs = told_at === null ? confirmWithinMs : askAgainAfterMs;
  return { claim: "theirs", instance, alert, threads, hasEnded, askAgainAfterMs: afterMs };
};
