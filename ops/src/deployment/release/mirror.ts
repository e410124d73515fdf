import { hostname } from "node:os";
import { type Kysely, sql } from "kysely";
import type { Logger } from "../../core/logger.ts";
import { createPlatformTables, type PlatformTables } from "../../database/platform-tables.ts";
import { type Database, type LedgerRecord, recordInLedger } from "../../rollback/index.ts";
import type { JournalEntry } from "./journal.ts";
import type { Release } from "./release.ts";
import { replay } from "./replay.ts";

const tables: PlatformTables[] = [
  {
    table: "releases",
    statements: [
      sql`create table earlybird.releases (
        host       text not null,
        id         text not null,
        plan       jsonb not null,
        state      text not null,
        since      timestamptz,
        planned_at timestamptz not null,
        primary key (host, id)
      )`,
      sql`create table earlybird.release_events (
        host    text not null,
        release text not null,
        seq     integer not null,
        at      timestamptz not null,
        event   jsonb not null,
        primary key (host, release, seq),
        foreign key (host, release) references earlybird.releases
      )`,
      sql`create index on earlybird.release_events (at)`,
    ],
  },
];

export interface MirrorOptions {
  db: Database;
  release: Release;
  log: Pick<Logger, "warn">;
}

/**
 * Copies the journal of a release to PostgreSQL, and commands and reverts into the ledger. The journal decides what is
 * missing there, so that nothing is lost while the database is away, and nothing is recorded twice.
 */
export class ReleaseMirror {
  readonly #options: MirrorOptions;
  #copying: Promise<unknown> = Promise.resolve();
  #isReady = false;

  constructor(options: MirrorOptions) {
    this.#options = options;
  }

  /** Copies what is missing; concurrent calls wait for each other. Never fails: resolves with whether all is there. */
  copy(entries: readonly JournalEntry[]): Promise<boolean> {
    const snapshot = [...entries];
    const copied = this.#copying.then(() =>
      this.#copy(snapshot).then(
        () => true,
        (err: unknown) => {
          this.#options.log.warn({ err }, "the release could not be recorded in the database yet");
          return false;
        },
      ),
    );
    this.#copying = copied;
    return copied;
  }

  async #copy(entries: readonly JournalEntry[]): Promise<void> {
    const { db, release } = this.#options;
    if (!this.#isReady) await createPlatformTables(db as Kysely<unknown>, tables);
    this.#isReady = true;
    const { state, since } = replay(entries);
    const host = hostname();
    await db.transaction().execute(async (tx) => {
      await sql`insert into earlybird.releases (host, id, plan, state, since, planned_at)
        values (${host}, ${release.id}, ${JSON.stringify(release)}, ${state}, ${since}, ${release.planned_at})
        on conflict (host, id) do update set state = excluded.state, since = excluded.since`.execute(tx);
      const { rows } = await sql<{ known: number }>`
        select count(*)::int as known from earlybird.release_events
        where host = ${host} and release = ${release.id}`.execute(tx);
      const known = rows[0]?.known ?? 0;
      for (const [at, entry] of entries.slice(known).entries()) {
        await sql`insert into earlybird.release_events (host, release, seq, at, event)
          values (${host}, ${release.id}, ${known + at + 1}, ${entry.at}, ${JSON.stringify(entry)})`.execute(
          tx,
        );
      }
      // Last: others wait for the ledger until the transaction ends.
      for (const record of entries.slice(known).flatMap((entry) => recordOf(release, entry)))
        await recordInLedger(tx, record);
    });
  }
}

/** What the ledger holds of a release: its beginning, what people told it, and its ends. */
const recordOf = (release: Release, entry: JournalEntry): LedgerRecord[] => {
  const { id, requested_by: operator, origin, reason } = release;
  const at = new Date(entry.at);
  if (entry.type === "command")
    return [
      {
        action: `release-${entry.command}`,
        operator: entry.by,
        origin,
        at,
        reason: entry.reason,
        result: { release: id },
      },
    ];
  if (entry.type !== "state" || !recorded.has(entry.state)) return [];
  const result = { release: id, state: entry.state, because: entry.reason };
  return [{ action: "release", operator, origin, at, reason, result }];
};

const recorded: ReadonlySet<string> = new Set(["preflight", "reverting", "reverted", "stuck", "completed"]);
