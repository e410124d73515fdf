import { type Kysely, sql } from "kysely";
import { AlertSeverity, isWorse } from "../model/alert.ts";
import { fingerprintOf } from "../model/fingerprint.ts";
import type { Incident } from "../model/record.ts";
import { askAgainAfterMs, type Claim } from "../notify/deduplication.ts";
import { repeatMs, skewMs } from "../notify/policy.ts";

type Database = Kysely<unknown>;

/** Who claims to tell, and has not told after so long, is dead. */
const confirmWithinMs = 15_000;

/** Who has told, and has not said for so long that it still fires, will not tell its end either. */
const silentMs = 60_000;

/** An end is believed for so long; what fires elsewhere after that is told again. */
const endIsBelievedMs = 60_000;

type Time = "claimed_at" | "told_at" | "seen_at" | "resolved_at";

/** Whether a claim's time lies so far ahead that a clock was set back since: nobody is to wait for it. */
const isAhead = (time: Time, now: Date) => sql`${sql.ref(`c.${time}`)} > ${new Date(now.getTime() + skewMs)}`;

/** Whether a claim's time was so long ago, or is ahead. */
const isOver = (time: Time, ms: number, now: Date) =>
  sql`(${sql.ref(`c.${time}`)} <= ${new Date(now.getTime() - ms)} or ${isAhead(time, now)})`;

const leastFirst = Object.values(AlertSeverity).sort((a, b) => (isWorse(a, b) ? 1 : -1));
const rankOf = (severity: string) => sql`array_position(${leastFirst}::text[], ${sql.ref(severity)})`;

/** Whether what is written is more severe than what the row tells of; not where an older version wrote that. */
const isMoreSevere = sql`${rankOf("excluded.severity")} > ${rankOf("c.severity")}`;

/**
 * Asks to tell that something fires. There is one row for each fingerprint: whoever writes it tells. It can
 * be taken over from somebody who claimed it and died before telling; once the time has passed in which
 * the same is not repeated, when its end was told or when its owner is silent; and, at any time, by what is
 * more severe.
 */
export const claimFiring = async (db: Database, incident: Incident, now: Date): Promise<Claim> => {
  const { alert, instance } = incident;
  const fingerprint = fingerprintOf(alert);
  const { rows: ours } = await sql`
    insert into earlybird.alert_claims as c
      (fingerprint, alert, instance, severity, fired_at, claimed_at, told_at, seen_at, resolved_at)
    values (${fingerprint}, ${alert.id}, ${instance}, ${alert.severity}, ${alert.fired_at}, ${now}, null, ${now}, null)
    on conflict (fingerprint) do update set
      alert = excluded.alert, instance = excluded.instance, severity = excluded.severity,
      fired_at = excluded.fired_at, claimed_at = excluded.claimed_at, told_at = null,
      seen_at = excluded.seen_at, resolved_at = null
    where (c.alert = excluded.alert and c.resolved_at is null)
      or ${isMoreSevere}
      or (c.told_at is null and ${isOver("claimed_at", confirmWithinMs, now)})
      or (${isOver("told_at", repeatMs, now)}
        and (${isOver("resolved_at", endIsBelievedMs, now)} or ${isOver("seen_at", 2 * silentMs, now)}))
    returning c.alert`.execute(db);
  return ours.length > 0 ? { claim: "ours" } : theirs(db, fingerprint);
};

/**
 * Asks to tell that something has ended: its owner may, and whoever comes first when the owner is silent or
 * has not been able to say anything since it fired; not of what was told to nobody, because the same had been told, and
 * its end, shortly before. Whoever asks again for the same alert did not learn the answer, or was killed before it told:
 * the name of the notification keeps it from being told twice.
 */
export const claimResolved = async (db: Database, incident: Incident, now: Date): Promise<Claim> => {
  const { alert, instance, telling } = incident;
  const fingerprint = fingerprintOf(alert);
  const mayHaveBeenNotified = telling.state !== "elsewhere";
  const { rows: ours } = await sql`
    insert into earlybird.alert_claims as c
      (fingerprint, alert, instance, severity, fired_at, claimed_at, told_at, seen_at, resolved_at)
    values (${fingerprint}, ${alert.id}, ${instance}, ${alert.severity}, ${alert.fired_at}, ${now}, ${now}, ${now}, ${now})
    on conflict (fingerprint) do update set
      alert = excluded.alert, instance = excluded.instance, fired_at = excluded.fired_at,
      seen_at = excluded.seen_at, told_at = coalesce(c.told_at, excluded.told_at),
      resolved_at = excluded.resolved_at
    where c.alert = excluded.alert or (c.resolved_at is null and ${isOver("seen_at", silentMs, now)})
      or (${mayHaveBeenNotified} and c.resolved_at < excluded.fired_at) or ${isAhead("resolved_at", now)}
    returning c.alert`.execute(db);
  return ours.length > 0 ? { claim: "ours" } : theirs(db, fingerprint);
};

/**
 * Says that what this process has told still fires, and catches up on what it told while nobody could be
 * asked. A row that tells of another's present alert stays as it is, unless that is less severe.
 *
 * @param told what was told, with the time on the wall clock
 * @returns the ids of the alerts for which this process goes on telling; the others are told elsewhere by now
 */
export const renewClaims = async (
  db: Database,
  told: readonly { incident: Incident; told_at: string }[],
  now: Date,
): Promise<ReadonlySet<string>> => {
  if (told.length === 0) return new Set();
  const rows = told.map(({ incident: { alert, instance }, told_at }) => ({
    fingerprint: fingerprintOf(alert),
    alert: alert.id,
    instance,
    severity: alert.severity,
    fired_at: alert.fired_at,
    told_at,
  }));
  const { rows: kept } = await sql<{ alert: string }>`
    insert into earlybird.alert_claims as c
      (fingerprint, alert, instance, severity, fired_at, claimed_at, told_at, seen_at, resolved_at)
    select fingerprint, alert, instance, severity, fired_at, told_at, told_at, ${now}::timestamptz, null
    from jsonb_to_recordset(${JSON.stringify(rows)}::jsonb) as r (
      fingerprint text, alert text, instance text, severity text, fired_at timestamptz, told_at timestamptz)
    order by fingerprint
    on conflict (fingerprint) do update set
      alert = excluded.alert, instance = excluded.instance, severity = excluded.severity,
      fired_at = excluded.fired_at, told_at = excluded.told_at, seen_at = excluded.seen_at, resolved_at = null
    where (c.alert = excluded.alert and c.resolved_at is null)
      or ${isMoreSevere}
      or c.resolved_at < excluded.fired_at or ${isAhead("resolved_at", now)}
      or (c.resolved_at is null and ${isOver("seen_at", 2 * silentMs, now)})
    returning c.alert`.execute(db);
  return new Set(kept.map(({ alert }) => alert));
};

const theirs = async (db: Database, fingerprint: string): Promise<Claim> => {
  const { rows } = await sql<{ alert: string; instance: string; told_at: Date | null; has_ended: boolean }>`
    select alert, instance, told_at, resolved_at is not null as has_ended
    from earlybird.alert_claims where fingerprint = ${fingerprint}`.execute(db);
  const [row] = rows;
  // It was there a moment ago: somebody has pruned it, and nobody owns it now.
  if (!row) return { claim: "unknown" };
  const { alert, instance, told_at, has_ended: hasEnded } = row;
  const afterMs = told_at === null ? confirmWithinMs : askAgainAfterMs;
  return { claim: "theirs", instance, alert, hasEnded, askAgainAfterMs: afterMs };
};
