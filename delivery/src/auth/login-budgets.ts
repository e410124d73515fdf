import { tooManyRequests } from "@earlybird-ops/platform";
import { withTimeout } from "@earlybird-ops/platform/monitoring";
import { sql } from "kysely";
import type { ApiContext } from "../context.ts";
import type { DeliveryDatabase } from "../database.ts";

/** So many attempts in a window, which begins with the first of them. */
export interface Limit {
  attempts: number;
  windowMs: number;
}

const fiveMinutesMs = 5 * 60_000;
const hourMs = 3_600_000;

/** How much may be tried before somebody has to wait. What succeeds is given back, except for registrations. */
export const limits = {
  /** One account from one address: enough for a person who mistypes. */
  pair: { attempts: 10, windowMs: fiveMinutesMs },
  /** One account from all addresses that it does not know: five people who mistype, or 14,400 guesses a day. */
  account: { attempts: 50, windowMs: fiveMinutesMs },
  /** All accounts from one address: an office behind one address passes, the spraying of a list does not. */
  address: { attempts: 50, windowMs: fiveMinutesMs },
  /** A shop that signs customers up at its counter passes. */
  registration: { attempts: 20, windowMs: hourMs },
  invitation: { attempts: 20, windowMs: hourMs },
  reset: { attempts: 20, windowMs: hourMs },
} as const satisfies Record<string, Limit>;

/** For so long after a login the address counts as one of the account's own. */
const knownForMs = 90 * 24 * hourMs;
/** Known addresses are written once a day, not at each login. */
const rememberAgainMs = 24 * hourMs;

/** A login waits no longer than this for its budget: it is then refused, as with the database away. */
const answerWithinMs = 3_000;

export interface Budget {
  key: string;
  limit: Limit;
  /** Left alone by an address that the account knows: strangers would lock its owner out. */
  strangersOnly?: boolean;
}

/** An attempt that was counted: in which budgets, and in which window of each. */
export interface Counted {
  keys: string[];
  endsAt: Date[];
}

/**
 * Counts an attempt in all budgets, or in none if one is exhausted. It is a single statement outside
 * `changes.transaction`: no change affects these tables, and logins must not wait while a step moves.
 *
 * @throws Failure EB_TOO_MANY_REQUESTS
 */
export const countAttempt = async (
  db: DeliveryDatabase,
  { now, budgets, knownKey }: { now: Date; budgets: readonly Budget[]; knownKey?: string },
): Promise<Counted> => {
  const endOf = ({ windowMs }: Limit) => new Date(now.getTime() + windowMs);
  const knownSince = new Date(now.getTime() - knownForMs);
  // Rows are always locked in the order of their keys, so that attempts cannot deadlock.
  const statement = sql<Counted & { wanted: number; closed_until: Date | null }>`
    with wanted as (
      select key, remaining, ends_at
      from unnest(${budgets.map(({ key }) => key)}::text[], ${budgets.map(({ limit }) => limit.attempts - 1)}::int[],
        ${budgets.map(({ limit }) => endOf(limit))}::timestamptz[],
        ${budgets.map(({ strangersOnly = false }) => strangersOnly)}::boolean[]
      ) as budget (key, remaining, ends_at, strangers_only)
      where not (strangers_only and exists (
        select from known_addresses where key = ${knownKey ?? null} and last_login_at > ${knownSince}))),
    closed as (
      select max(b.ends_at) as until from login_budgets b join wanted using (key)
      where b.remaining <= 0 and b.ends_at > ${now}),
    counted as (
      insert into login_budgets as b (key, remaining, ends_at)
      select key, remaining, ends_at from wanted where (select until from closed) is null order by key
      on conflict (key) do update set
        remaining = case when b.ends_at <= ${now} then excluded.remaining else b.remaining - 1 end,
        ends_at = case when b.ends_at <= ${now} then excluded.ends_at else b.ends_at end
      where b.remaining > 0 or b.ends_at <= ${now}
      returning b.key, b.ends_at)
    select (select count(*) from wanted) as wanted, (select until from closed) as closed_until,
      array(select key from counted order by key) as keys,
      array(select ends_at from counted order by key) as "endsAt"`;
  const { rows } = await withTimeout(answerWithinMs, statement.execute(db));
  const [{ wanted, closed_until, ...counted } = nothingCounted] = rows;
  if (counted.keys.length === wanted) return counted;
  // Another attempt took the last one between the look and the count: those counted here were not made.
  await giveBack(db, counted);
  const end = closed_until ?? endOf(limits.pair);
  throw tooManyRequests(Math.max(1, Math.ceil((end.getTime() - now.getTime()) / 1_000)));
};

const nothingCounted = { wanted: 1, closed_until: null, keys: [], endsAt: [] };

/** Takes back what was counted, where its window has not ended. */
export const giveBack = async (db: DeliveryDatabase, { keys, endsAt }: Counted): Promise<void> => {
  if (keys.length === 0) return;
  const statement = sql`
    with mine as (
      select b.key from login_budgets b
      join unnest(${keys}::text[], ${endsAt}::timestamptz[]) as counted (key, ends_at) using (key, ends_at)
      order by b.key for update of b)
    update login_budgets set remaining = remaining + 1 where key in (select key from mine)`;
  await withTimeout(answerWithinMs, statement.execute(db));
};

/** Remembers that the account has logged in from the address; `knownKey` stands for the two of them. */
export const rememberAddress = async (db: DeliveryDatabase, knownKey: string, now: Date): Promise<void> => {
  const statement = sql`
    insert into known_addresses as k (key, last_login_at) values (${knownKey}, ${now})
    on conflict (key) do update set last_login_at = excluded.last_login_at
    where k.last_login_at < ${new Date(now.getTime() - rememberAgainMs)}`;
  await withTimeout(answerWithinMs, statement.execute(db));
};

/** Deletes windows that have ended and addresses that are no longer known. To be called every few minutes. */
export const forgetEndedWindows = async ({ db, clock }: Pick<ApiContext, "db" | "clock">): Promise<void> => {
  const now = clock.now();
  // Locked rows are in use, or another instance deletes them.
  await sql`delete from login_budgets where key in (
    select key from login_budgets where ends_at <= ${now} for update skip locked)`.execute(db);
  await sql`delete from known_addresses where key in (
    select key from known_addresses where last_login_at <= ${new Date(now.getTime() - knownForMs)}
    for update skip locked)`.execute(db);
};
