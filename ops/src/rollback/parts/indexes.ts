import { type RawBuilder, sql } from "kysely";
import type { Check, Database, DeclaredIndex, Impact, IndexColumn, Part } from "../change/change.ts";
import { qualified } from "../change/define-change.ts";
import { explain } from "../database/explain-query.ts";
import { oidsOf } from "../database/table-names.ts";
import {
  buildIndex,
  createIndex,
  declaredIndex,
  dropIndex,
  indexState,
  rehearseBuild,
  rememberIndex,
} from "./declared-index.ts";
import { indexCautions, indexFindings } from "./index-checks.ts";
import { inertPart } from "./inert-part.ts";

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
  const declared = declaredIndex(table, columns);
  return {
    ...inertPart,
    kind: "index",
    describe: {
      rollback: `Keeps the index on ${inWords(declared)} with the parked column.`,
      reapply: "Restores it with its column, complete.",
    },
    indexed: [declared],
    apply: (db, step) => createIndex(db, step, declared),
    build: (db, step, briefly) => buildIndex(db, { step, index: declared, briefly }),
    findings: (db, step, state) => indexFindings(db, { step, state, declared: [declared], dropped: false }),
    cautions: async (db, _step, state) =>
      state === undefined ? indexCautions(db, { state, declared: [declared] }) : [],
    check: async (db) => [await validIndex(db, declared)],
  };
};

/**
 * Indexes that are the change itself: a rollback drops them, a re-apply builds them, both concurrently, without blocking.
 * This cannot run in a transaction; it is idempotent instead, and continues after a crash. A rehearsal drops them inside
 * its transaction and explains the hot queries before and after.
 */
export const indexes = (
  declarations: readonly { table: string; columns: readonly IndexColumn[] }[],
  { hot = [] }: { hot?: readonly HotQuery[] } = {},
): Part => {
  const declared = declarations.map(({ table, columns }) => declaredIndex(table, columns));
  const tables = [...new Set(declared.map(({ table }) => table))];
  return {
    ...inertPart,
    kind: "index",
    describe: {
      rollback: `Drops the indexes on ${declared.map(inWords).join(", ")} concurrently, without blocking. Queries take longer afterwards.`,
      reapply:
        "Rebuilds them concurrently with their former definition. Remains of an interrupted build are removed first; complete indexes are kept.",
    },
    indexed: declared,
    async apply(db, step) {
      for (const each of declared) await createIndex(db, step, each);
    },
    async build(db, step, briefly) {
      for (const each of declared) await buildIndex(db, { step, index: each, briefly });
    },
    async outside(db, { step, direction, briefly }) {
      const move = direction === "rollback" ? dropIndex : buildIndex;
      for (const each of declared) await move(db, { step, index: each, briefly });
    },
    async swap({ db, step, direction, rehearsal }) {
      for (const each of declared) {
        if (direction === "rollback") await rememberIndex(db, step, each);
        if (!rehearsal) continue;
        await (direction === "rollback"
          ? sql`drop index if exists ${sql.table(qualified(each))}`.execute(db)
          : rehearseBuild(db, step, each));
      }
    },
    findings: (db, step, state) => indexFindings(db, { step, state, declared, dropped: true }),
    cautions: (db, _step, state) => indexCautions(db, { state, declared }),
    async probe(db, measure) {
      const lines: Impact[] = [];
      for (const { name, query } of hot) {
        const example = await query(db);
        const { cost, scans } = await explain(db, example);
        const line = (key: string, value: number | string, unit: string) =>
          lines.push({ label: `${name}: ${key}`, value, unit, group: name, key });
        line("cost", Math.round(cost * 100) / 100, "planner units");
        line("plan", scans.join(", "), "");
        if (measure) line("time", await measured(db, example), "ms");
      }
      return lines;
    },
    async estimate(db) {
      const { rows } = await sql<{ rows: number }>`
        select coalesce(sum(greatest(reltuples, 0)), 0)::bigint as rows from pg_class where oid in ${oidsOf(tables)}`.execute(
        db,
      );
      return Number(rows[0]?.rows ?? 0);
    },
    async check(db, _step, state) {
      const checks: Check[] = [];
      for (const each of declared) checks.push(await validIndex(db, each));
      if (state === "applied") return checks;
      return checks.map(({ detail }, at) => ({
        name: `index ${declared[at]?.name} is gone`,
        ok: detail === "missing",
        detail: detail === "missing" ? "gone" : "still there",
      }));
    },
  };
};

const inWords = ({ table, columns }: DeclaredIndex) => `\`${table} (${columns.join(", ")})\``;

const validIndex = async (db: Database, index: DeclaredIndex): Promise<Check> => {
  const detail = await indexState(db, index);
  return { name: `index ${index.name} is valid`, ok: detail === "present", detail };
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
