import { randomUUID } from "node:crypto";
import { defineFailure } from "@earlybird-ops/platform";
import { type Kysely, sql } from "kysely";
import type { Client } from "../../client.ts";
import type { ApiContext } from "../../context.ts";
import type { Tables } from "../../database.ts";
import { ids } from "../../ids/index.ts";
import { unauthenticated } from "../refusals.ts";
import { readRefreshToken, writeRefreshToken } from "./refresh-token.ts";

const dayMs = 86_400_000;

/** The lifetime of a session. */
export const sessionLifetimeMs = 30 * dayMs;

/** A session also ends after this time without use. */
const idleMs = 7 * dayMs;

/** A client that refreshes again within this time, because a response was lost, gets the same token. */
const repeatedWithinMs = 10_000;

/** How long {@link refreshSession} can be called, in seconds. */
export const refreshLifetimeSeconds = idleMs / 1_000;

export const refreshRefused = defineFailure({
  code: "EB_REFRESH_REFUSED",
  status: 401,
  detail: "The refresh token is not valid: it was used before, or its session has ended.",
  remedy: "Log in again.",
});

/** A session that was just created or refreshed. */
export interface BegunSession {
  id: string;
  /** Returned once; each refresh replaces it. */
  refreshToken: string;
}

type SessionContext = Pick<ApiContext, "changes" | "clock" | "jwtSecret">;

/**
 * Creates a session of a user who has just authenticated.
 *
 * @param userId in either style
 */
export const beginSession = async (
  { changes, clock, jwtSecret }: SessionContext,
  userId: string,
  { ipAddress, deviceInfo }: Client,
): Promise<BegunSession> => {
  const id = `ses_${randomUUID()}`;
  const now = clock.now();
  const expiresAt = new Date(now.getTime() + sessionLifetimeMs);
  await changes.transaction(async (tx) => {
    await forgetOver(tx, now);
    const { numAffectedRows } = await sql`
      insert into sessions (id, user_id, created_at, authenticated_at, last_used_at, expires_at, ip_address, device)
      select ${id}, u.id, ${now}, ${now}, ${now}, ${expiresAt}, ${ipAddress}, ${deviceInfo}
      from users u where u.id in ${ids.eitherStyle("users", sql`${userId}::text`)} limit 1`.execute(tx);
    if (numAffectedRows !== 1n) throw unauthenticated();
  });
  return { id, refreshToken: writeRefreshToken({ id, generation: 0 }, jwtSecret) };
};

/** Deletes expired sessions, two at each login. */
const forgetOver = (tx: Kysely<Tables>, now: Date) =>
  sql`
  delete from sessions where id in (
    select id from sessions where expires_at < ${new Date(now.getTime() - dayMs)} limit 2 for update skip locked)`.execute(
    tx,
  );

/**
 * Exchanges a refresh token for a new one. A token of an earlier generation was copied: the session ends.
 *
 * @throws Failure EB_REFRESH_REFUSED
 */
export const refreshSession = async (
  { changes, clock, jwtSecret }: SessionContext,
  token: string,
): Promise<(BegunSession & { reused: false }) | { id: string; reused: true }> => {
  const given = readRefreshToken(token, jwtSecret);
  if (!given) throw refreshRefused();
  const now = clock.now();
  const found = await changes.transaction(async (tx) => {
    const session = await tx
      .selectFrom("sessions as s")
      .innerJoin("users as u", "u.id", "s.user_id")
      .select(["s.id", "s.generation", "s.last_used_at"])
      .where("s.id", "=", given.id)
      .where("s.ended_at", "is", null)
      .where("s.expires_at", ">", now)
      .where("s.last_used_at", ">", new Date(now.getTime() - idleMs))
      .where("u.active", "=", true)
      .forUpdate("s")
      .executeTakeFirst();
    if (!session) return undefined;
    const { id, generation } = session;
    const isRepeated = now.getTime() - session.last_used_at.getTime() < repeatedWithinMs;
    if (given.generation === generation - 1 && isRepeated) return { id, generation };
    const ofSession = tx.updateTable("sessions").where("id", "=", id);
    if (given.generation !== generation) {
      await ofSession.set({ ended_at: now }).execute();
      return { id, generation: null };
    }
    await ofSession.set({ generation: generation + 1, last_used_at: now }).execute();
    return { id, generation: generation + 1 };
  });
  if (!found) throw refreshRefused();
  const { id, generation } = found;
  return generation === null
    ? { id, reused: true }
    : { id, reused: false, refreshToken: writeRefreshToken({ id, generation }, jwtSecret) };
};

/** The sessions to end: all of a user, or `only` one of them; `except` stays. */
export interface EndedSessions {
  userId: string;
  only?: string | undefined;
  except?: string | undefined;
}

/** Ends sessions in the caller's transaction, which invalidates their tokens. Returns their number. */
export const endSessions = async (
  tx: Kysely<Tables>,
  now: Date,
  { userId, only, except }: EndedSessions,
): Promise<number> => {
  const ended = await tx
    .updateTable("sessions")
    .set({ ended_at: now })
    .where(sql<boolean>`user_id in ${ids.eitherStyle("users", sql`${userId}::text`)}`)
    .where("ended_at", "is", null)
    .$if(only !== undefined, (query) => query.where("id", "=", only ?? ""))
    .$if(except !== undefined, (query) => query.where("id", "!=", except ?? ""))
    .executeTakeFirst();
  return Number(ended.numUpdatedRows);
};
