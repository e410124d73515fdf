import { type Kysely, sql } from "kysely";
import { createPlatformTables } from "../../database/platform-tables.ts";
import type { PreflightReport } from "./run.ts";

/**
 * Creates the missing table of preflight results, `release_checks`: each answer, with who waived it and why. The release
 * is null for a preflight outside of one.
 */
export const createCheckTable = (db: Kysely<unknown>): Promise<void> =>
  createPlatformTables(db, [{ table: "release_checks", statements }]);

const statements = [
  sql`create table earlybird.release_checks (
    id          bigint generated always as identity primary key,
    release_id  text,
    number      integer not null,
    check_id    text not null,
    verdict     text not null check (verdict in ('go', 'no_go', 'unknown')),
    evidence    text not null,
    remedy      text,
    checked_at  timestamptz not null,
    valid_until timestamptz not null,
    waived_by   text,
    waived_for  text
  )`,
  sql`create index on earlybird.release_checks (release_id, number, checked_at)`,
];

/** Stores a report. */
export const saveReport = async (
  db: Kysely<unknown>,
  { checks, checked_at }: PreflightReport,
  releaseId: string | null = null,
): Promise<void> => {
  await createCheckTable(db);
  await sql`
    insert into earlybird.release_checks
      (release_id, number, check_id, verdict, evidence, remedy, checked_at, valid_until, waived_by, waived_for)
    select ${releaseId}::text, number, id, verdict, evidence, remedy, ${checked_at}::timestamptz, valid_until,
      waived ->> 'by', waived ->> 'reason'
    from jsonb_to_recordset(${JSON.stringify(checks)}::jsonb)
      as given (number integer, id text, verdict text, evidence text, remedy text, valid_until timestamptz, waived jsonb)`.execute(
    db,
  );
};
