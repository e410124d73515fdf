import { type RawBuilder, sql } from "kysely";
import type { Check, Database, Impact } from "../change.ts";
import { explain } from "../planner.ts";
import { inertPart, type Part } from "./part.ts";

/** A column of an index, `"delivery_date desc"` for one in descending order. */
export type IndexColumn = string | `${string} desc`;

/** A query that an index is there for, as an example with values from the data. */
export interface HotQuery {
  name: string;
  query: (db: Database) => Promise<RawBuilder<unknown>>;
}

/**
 * An index on columns that the same change parks: it follows its physical column through the swap, so that
 * it is complete when the column returns.
 */
export const index = (table: string, columns: readonly IndexColumn[]): Part => {
  const name = indexName(table, columns);
  return {
    ...inertPart,
    kind: "index",
    says: {
      rollback: `The index on ${inWords({ table, columns })} stays with the parked column.`,
      reapply: "It comes back with its column, complete.",
    },
    async apply(db) {
      await sql`create index if not exists ${definition(name, table, columns)}`.execute(db);
    },
    check: async (db) => [await validIndex(db, name)],
  };
};

/**
 * Indexes that are the change itself: rolling back drops them, re-applying builds them, both concurrently, so
 * that nobody waits. That cannot be part of a transaction; it is idempotent instead, and goes on where a
 * crash has left it. A rehearsal drops them inside its transaction and explains the hot queries before and
 * after.
 */
export const indexes = (
  declared: readonly { table: string; columns: readonly IndexColumn[] }[],
  { hot = [] }: { hot?: readonly HotQuery[] } = {},
): Part => {
  const named = declared.map(({ table, columns }) => ({ table, columns, name: indexName(table, columns) }));
  const tables = [...new Set(declared.map(({ table }) => table))];
  return {
    ...inertPart,
    kind: "index",
    says: {
      rollback: `Dropped, concurrently: the indexes on ${declared.map(inWords).join(", ")}. Nobody waits; queries take longer afterwards.`,
      reapply:
        "Built again, concurrently. What an interrupted build has left behind is removed first; what is complete is left.",
    },
    async apply(db) {
      for (const { name, table, columns } of named) {
        await sql`create index if not exists ${definition(name, table, columns)}`.execute(db);
      }
    },
    async outside(db, _step, direction) {
      for (const { name, table, columns } of named) {
        const there = await validIndex(db, name);
        if (direction === "reapply" && there.ok) continue;
        // What an interrupted build has left behind is not valid, and goes too.
        await sql`drop index concurrently if exists ${sql.id(name)}`.execute(db);
        if (direction === "reapply") {
          await sql`create index concurrently ${definition(name, table, columns)}`.execute(db);
        }
      }
    },
    async swap({ db, direction, rehearsal }) {
      if (!rehearsal) return;
      for (const { name, table, columns } of named) {
        await (direction === "rollback"
          ? sql`drop index if exists ${sql.id(name)}`
          : sql`create index if not exists ${definition(name, table, columns)}`
        ).execute(db);
      }
    },
    async probe(db, measure) {
      const lines: Impact[] = [];
      for (const { name, query } of hot) {
        const example = await query(db);
        const { cost, scans } = await explain(db, example);
        lines.push({ label: `${name}: cost`, value: Math.round(cost * 100) / 100, unit: "planner units" });
        lines.push({ label: `${name}: plan`, value: scans.join(", "), unit: "" });
        if (measure) lines.push({ label: `${name}: time`, value: await measured(db, example), unit: "ms" });
      }
      return lines;
    },
    async estimate(db) {
      const { rows } = await sql<{ rows: number }>`
        select coalesce(sum(greatest(reltuples, 0)), 0)::bigint as rows from pg_class where oid = any(${tables}::regclass[])`.execute(
        db,
      );
      return Number(rows[0]?.rows ?? 0);
    },
    async check(db, _step, state) {
      const checks: Check[] = [];
      for (const { name } of named) checks.push(await validIndex(db, name));
      if (state === "applied") return checks;
      return checks.map(({ detail }, at) => ({
        name: `index ${named[at]?.name} is gone`,
        ok: detail === "missing",
        detail: detail === "missing" ? "gone" : "still there",
      }));
    },
  };
};

const inWords = ({ table, columns }: { table: string; columns: readonly IndexColumn[] }) =>
  `\`${table} (${columns.join(", ")})\``;

const indexName = (table: string, columns: readonly IndexColumn[]) =>
  [table, ...columns.map((column) => column.replace(" ", "_")), "idx"].join("_").slice(0, 63);

const definition = (name: string, table: string, columns: readonly IndexColumn[]): RawBuilder<unknown> => {
  const keys = columns.map((column) => {
    const [plain = "", order] = column.split(" ");
    return order === "desc" ? sql`${sql.id(plain)} desc` : sql.id(plain);
  });
  return sql`${sql.id(name)} on ${sql.table(table)} (${sql.join(keys)})`;
};

const validIndex = async (db: Database, name: string) => {
  const { rows } = await sql<{ valid: boolean }>`
    select indisvalid as valid from pg_index where indexrelid = to_regclass(quote_ident(${name}))`.execute(
    db,
  );
  const detail = rows[0] === undefined ? "missing" : rows[0].valid ? "present" : "not valid";
  return { name: `index ${name} is valid`, ok: detail === "present", detail };
};

const repetitions = 3;

/** The quickest of a few runs, in milliseconds. */
const measured = async (db: Database, query: RawBuilder<unknown>): Promise<number> => {
  let best = Number.POSITIVE_INFINITY;
  for (let run = 0; run < repetitions; run++) {
    const { rows } = await sql<{ "QUERY PLAN": { "Execution Time": number }[] }>`
      explain (analyze, format json) ${query}`.execute(db);
    best = Math.min(best, rows[0]?.["QUERY PLAN"][0]?.["Execution Time"] ?? best);
  }
  return best;
};
