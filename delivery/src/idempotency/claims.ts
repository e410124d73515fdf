import { type Kysely, sql } from "kysely";
import type { ApiContext } from "../context.ts";
import type { Tables } from "../database.ts";
import { ids } from "../ids/index.ts";

/** After this time without a sign of life a process counts as dead, and its key can be used again. */
const leaseMs = 60_000;
const keptMs = 24 * 3_600_000;

/** A request that holds its key. `attempt` increases when another request takes the key over. */
export interface Claim {
  id: number;
  attempt: number;
}

/** The result of claiming a key. `results`: the results that an earlier attempt committed. */
export type ClaimResult =
  | { state: "claimed"; claim: Claim; results: Buffer | null }
  | { state: "answered"; id: number; answer: Buffer }
  | { state: "in_progress" }
  | { state: "reused" };

export interface KeyedRequest {
  /** The owner of the key: a login, or an address on a public route. */
  owner: { userId: string } | { address: string };
  route: string;
  key: string;
  fingerprint: string;
  now: Date;
}

/**
 * Claims a key for a request. Only one of several concurrent requests gets it. The lock of an open transaction takes
 * precedence over the lease: no key is taken over while a transaction uses it.
 */
export const claimKey = (
  { changes }: Pick<ApiContext, "changes">,
  { owner, route, key, fingerprint, now }: KeyedRequest,
): Promise<ClaimResult> => {
  // Ids can have been rewritten (step 29) since the login was read.
  const userId =
    "userId" in owner
      ? sql`(select u.id from users u where u.id in ${ids.eitherStyle("users", sql`${owner.userId}::text`)})`
      : sql`null::text`;
  const address = "address" in owner ? owner.address : null;
  const leasedUntil = new Date(now.getTime() + leaseMs);
  return changes.transaction(async (tx): Promise<ClaimResult> => {
    const inserted = await sql<Claim>`
      insert into idempotency_keys (user_id, address, route, key, fingerprint, leased_until, created_at)
      values (${userId}, ${address}, ${route}, ${key}, ${fingerprint}, ${leasedUntil}, ${now})
      on conflict do nothing
      returning id, attempt`.execute(tx);
    const [claim] = inserted.rows;
    if (claim) return { state: "claimed", claim, results: null };
    const found = await sql<StoredKey>`
      select id, fingerprint, leased_until, results, answer, created_at from idempotency_keys
      where coalesce(user_id, address) = coalesce(${userId}, ${address}) and route = ${route} and key = ${key}
      for update skip locked`.execute(tx);
    const [stored] = found.rows;
    if (!stored) return { state: "in_progress" };
    const isOver = stored.created_at.getTime() + keptMs <= now.getTime();
    if (!isOver) {
      if (stored.fingerprint !== fingerprint) return { state: "reused" };
      if (stored.answer) return { state: "answered", id: stored.id, answer: stored.answer };
      if (stored.leased_until > now) return { state: "in_progress" };
    }
    const results = isOver ? null : stored.results;
    const taken = await sql<Claim>`
      update idempotency_keys
      set attempt = attempt + 1, fingerprint = ${fingerprint}, leased_until = ${leasedUntil}, results = ${results},
        answer = null, created_at = ${isOver ? now : stored.created_at}
      where id = ${stored.id}
      returning id, attempt`.execute(tx);
    return { state: "claimed", claim: taken.rows[0] as Claim, results };
  });
};

interface StoredKey {
  id: number;
  fingerprint: string;
  leased_until: Date;
  results: Buffer | null;
  answer: Buffer | null;
  created_at: Date;
}

/** Locks a claim until the end of the transaction; false if another request has taken the key over. */
export const holdClaim = async (tx: Kysely<Tables>, { id, attempt }: Claim): Promise<boolean> => {
  const { rows } =
    await sql`select from idempotency_keys where id = ${id} and attempt = ${attempt} for update`.execute(tx);
  return rows.length > 0;
};

/** Stores the results of the work in its transaction. */
export const storeResults = async (tx: Kysely<Tables>, { id }: Claim, results: Buffer): Promise<void> => {
  await sql`update idempotency_keys set results = ${results} where id = ${id}`.execute(tx);
};

/** Stores the response for further requests with the key. */
export const storeAnswer = (
  { changes }: Pick<ApiContext, "changes">,
  { id, attempt }: Claim,
  answer: Buffer,
): Promise<unknown> =>
  changes.transaction((tx) =>
    sql`update idempotency_keys set answer = ${answer}, results = null where id = ${id} and attempt = ${attempt}`.execute(
      tx,
    ),
  );

/** Releases a key after an error, so that a retry runs immediately. Committed results stay stored. */
export const releaseClaim = (
  { changes, clock }: Pick<ApiContext, "changes" | "clock">,
  { id, attempt }: Claim,
): Promise<unknown> =>
  changes.transaction((tx) =>
    sql`update idempotency_keys set leased_until = ${clock.now()} where id = ${id} and attempt = ${attempt}`.execute(
      tx,
    ),
  );

const batch = 500;

/** Deletes keys older than a day, a few hundred at a time. Call this every few minutes. */
export const forgetOldKeys = async ({
  changes,
  clock,
}: Pick<ApiContext, "changes" | "clock">): Promise<void> => {
  const before = new Date(clock.now().getTime() - keptMs);
  const forgetSome = () =>
    changes.transaction((tx) =>
      sql`
        delete from idempotency_keys where id in (
          select id from idempotency_keys where created_at <= ${before}
          order by created_at limit ${batch} for update skip locked)`.execute(tx),
    );
  while ((await forgetSome()).numAffectedRows === BigInt(batch));
};
