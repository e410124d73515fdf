import { setTimeout as sleep } from "node:timers/promises";
import { sql } from "kysely";
import { z } from "zod";
import type { Clock } from "../../core/clock.ts";
import type { Database } from "../change/change.ts";
import { leaseMs } from "./follower.ts";

/** The instances of the service that follow the new state of a step, and those that do not. */
export const followersReportSchema = z.object({
  /** Instances that had a lease when the step was committed. */
  living: z.int(),
  /** Of these, those that confirmed the new state. */
  following: z.int(),
  /** From the commit to the last confirmation; null if there is none. */
  last_after_ms: z.number().nonnegative().nullable(),
  /** The others: their lease expired, or they did not respond. They treat every step as applied. */
  missing: z.array(z.string()),
});
export type FollowersReport = z.infer<typeof followersReportSchema>;

/** An instance that follows the steps. */
export const followerStatusSchema = z.object({
  name: z.string(),
  /** The version of the steps that it follows. */
  version: z.int(),
  seen_at: z.iso.datetime(),
  /** Whether it has a lease, on the newest version. */
  following: z.boolean(),
});
export type FollowerStatus = z.infer<typeof followerStatusSchema>;

const patienceMs = 5_000;
const pollMs = 10;

/** Waits after a commit until every living instance follows or its lease expires, at most five seconds. */
export const waitForFollowers = async (db: Database, clock: Clock): Promise<FollowersReport | null> => {
  const startMs = clock.monotonicMs();
  const atFirst = await readFollowers(db);
  const living = new Map(
    atFirst.filter(({ leased }) => leased).map((follower) => [follower.instance, follower]),
  );
  let lastAfterMs: number | null = null;
  let followed = 0;
  for (let now = atFirst; ; now = await readFollowers(db)) {
    const still = new Map(now.map((follower) => [follower.instance, follower]));
    // An instance that has stopped need not follow.
    for (const instance of living.keys()) if (!still.has(instance)) living.delete(instance);
    const behind = [...living.keys()].filter((instance) => !still.get(instance)?.current);
    if (living.size - behind.length > followed) {
      followed = living.size - behind.length;
      lastAfterMs = clock.monotonicMs() - startMs;
    }
    const waiting = behind.filter((instance) => still.get(instance)?.leased);
    const waitedMs = clock.monotonicMs() - startMs;
    if (waiting.length === 0 || waitedMs >= patienceMs) {
      if (living.size === 0) return null;
      const following = living.size - behind.length;
      return {
        living: living.size,
        following,
        last_after_ms: lastAfterMs === null ? null : Math.round(lastAfterMs * 100) / 100,
        missing: behind.map((instance) => living.get(instance)?.name ?? instance).sort(),
      };
    }
    await sleep(pollMs);
  }
};

/** Lists the instances that followed within the last day. */
export const listFollowers = async (db: Database): Promise<FollowerStatus[]> =>
  (await readFollowers(db)).map(({ name, version, seen_at, leased, current }) => ({
    name,
    version: Number(version),
    seen_at: seen_at.toISOString(),
    following: leased && current,
  }));

interface FollowerRow {
  instance: string;
  name: string;
  version: number;
  seen_at: Date;
  leased: boolean;
  current: boolean;
}

const readFollowers = async (db: Database): Promise<FollowerRow[]> => {
  const { rows } = await sql<FollowerRow>`
    select f.instance, f.name, f.version, f.seen_at, f.version >= a.version as current,
      f.seen_at > clock_timestamp() - make_interval(secs => ${leaseMs / 1_000}) as leased
    from earlybird.followers f cross join earlybird.applied_steps a order by f.started_at, f.instance`.execute(
    db,
  );
  return rows;
};
