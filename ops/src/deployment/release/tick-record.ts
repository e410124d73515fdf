import { hostname } from "node:os";
import { type Kysely, sql } from "kysely";
import { createPlatformTables, type PlatformTables } from "../../database/platform-tables.ts";
import type { Database } from "../../rollback/index.ts";
import type { ReleaseTick } from "../judge/index.ts";

/** A day of ticks: more are not kept while the database is away. */
const mostWaiting = 17_280;

const tables: PlatformTables[] = [
  {
    table: "release_ticks",
    statements: [
      sql`create table earlybird.release_ticks (
        host          text not null,
        release       text not null,
        seq           integer not null,
        from_at       timestamptz not null,
        to_at         timestamptz not null,
        green_percent numeric not null,
        blue          jsonb not null,
        green         jsonb not null,
        primary key (host, release, seq)
      )`,
    ],
  },
];

/** Keeps the counts that a release is judged by in the table `release_ticks`, for reviews and other judges. */
export class TickRecord {
  #waiting: ReleaseTick[] = [];

  constructor(private readonly release: string) {}

  readonly note = (tick: ReleaseTick): void => {
    this.#waiting.push(tick);
    if (this.#waiting.length > mostWaiting) this.#waiting.shift();
  };

  /** Stores what waits. A tick that fails to be stored waits for the next call. */
  async copy(db: Database): Promise<void> {
    if (this.#waiting.length === 0) return;
    await createPlatformTables(db as Kysely<unknown>, tables);
    const ticks = [...this.#waiting];
    await sql`
      insert into earlybird.release_ticks (host, release, seq, from_at, to_at, green_percent, blue, green)
      select ${hostname()}, ${this.release}, sequence, to_timestamp("from" / 1000.0), to_timestamp("to" / 1000.0),
        green_percent, blue, green
      from jsonb_to_recordset(${JSON.stringify(ticks)}::jsonb)
        as given (sequence integer, "from" float8, "to" float8, green_percent numeric, blue jsonb, green jsonb)
      on conflict do nothing`.execute(db);
    const stored = new Set(ticks);
    this.#waiting = this.#waiting.filter((tick) => !stored.has(tick));
  }
}
