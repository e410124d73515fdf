import { type Kysely, sql } from "kysely";
import { type PeriodPage, periodPage } from "../../database/period-page.ts";
import { aliveSeconds } from "./instances.ts";

const startsKept = "90 days";

/** Above this, the oldest ended starts are removed, so that a crash loop cannot fill the database. */
const mostStarts = 20_000;

const prunedAtOnce = 1_000;

/** A start of a process of the service. Times are ISO 8601. */
export interface InstanceStart {
  id: string;
  /** As alerts name it: `web-2 (process 7)`. */
  name: string;
  host: string;
  version: string;
  started_at: string;
  /** When it stopped, or was seen last; null while it runs. */
  ended_at: string | null;
  /** `lost`: it ended without a clean stop. */
  state: "running" | "stopped" | "lost";
}

interface Row extends Omit<InstanceStart, "started_at" | "ended_at"> {
  started_at: Date;
  seen_at: Date;
}

/** The starts in a period. */
export const readStarts = async (db: Kysely<unknown>, page: PeriodPage): Promise<InstanceStart[]> => {
  const { rows } = await sql<Row>`
    select id::text, format('%s (process %s)', host, pid) as name, host, version, started_at, seen_at,
      case when stopped_at is not null then 'stopped'
        when seen_at > now() - make_interval(secs => ${aliveSeconds}) then 'running' else 'lost' end as state
    from earlybird.instances
    where ${periodPage(page, sql`started_at`, sql`id`)}`.execute(db);
  return rows.map(({ started_at, seen_at, ...start }) => ({
    ...start,
    started_at: started_at.toISOString(),
    ended_at: start.state === "running" ? null : seen_at.toISOString(),
  }));
};

/** Removes some of the expired starts. */
export const pruneStarts = async (db: Kysely<unknown>): Promise<void> => {
  await sql`
    delete from earlybird.instances where id = any (array(
      select id from earlybird.instances where seen_at < now() - ${startsKept}::interval limit ${prunedAtOnce}))`.execute(
    db,
  );
  await sql`
    delete from earlybird.instances where id = any (array(
      select id from earlybird.instances order by seen_at desc offset ${mostStarts} limit ${prunedAtOnce}))`.execute(
    db,
  );
};
