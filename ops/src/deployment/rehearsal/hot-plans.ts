import { type RawBuilder, sql } from "kysely";
import type pg from "pg";
import type { Database } from "../preflight/index.ts";

/** A scan of so few rows is no problem. */
const fewRows = 1_000;
const hottest = 20;

/** The relations that a query reads row by row, with their estimated number of rows; by the query. */
export type HotPlans = ReadonlyMap<string, ReadonlyMap<string, number>>;

/** The queries on which a database spends most time, from pg_stat_statements; null if it is not installed. */
export const readHotQueries = async (pool: pg.Pool): Promise<string[] | null> => {
  try {
    const { rows } = await pool.query<{ query: string }>(
      `select query from pg_stat_statements
       where dbid = (select oid from pg_database where datname = current_database()) and query ~* '^\\s*(select|with)\\M'
       order by total_exec_time desc limit ${hottest}`,
    );
    return rows.map(({ query }) => query);
  } catch {
    return null;
  }
};

/** Plans queries on a copy, whatever their parameters. One that this schema or server cannot plan is left out. */
export const planQueries = async (db: Database, queries: readonly string[]): Promise<HotPlans> => {
  // New columns and indexes have no statistics yet, and a copy has no autovacuum.
  await sql`analyze`.execute(db);
  const plans = new Map<string, Map<string, number>>();
  for (const query of queries) {
    const plan = await explained(db, sql.raw(query));
    if (plan) plans.set(query, await scannedRows(db, plan));
  }
  return plans;
};

/** What is planned worse than before: a relation of many rows is read row by row. */
export const worsePlans = (before: HotPlans, after: HotPlans): { query: string; problem: string | null }[] =>
  [...after].flatMap(([query, scans]) => {
    const earlier = before.get(query);
    if (!earlier) return [];
    const worse = [...scans].filter(([relation, rows]) => rows >= fewRows && !earlier.has(relation));
    const problem = worse.map(([relation, rows]) => `reads all ${rows} rows of ${relation}`).join(", ");
    return [{ query: query.replace(/\s+/g, " ").slice(0, 120), problem: problem || null }];
  });

interface Node {
  "Node Type": string;
  "Relation Name"?: string;
  Schema?: string;
  Plans?: Node[];
}

const explained = async (db: Database, query: RawBuilder<unknown>): Promise<Node | undefined> => {
  try {
    const { rows } = await sql<{ "QUERY PLAN": { Plan: Node }[] }>`
      explain (generic_plan, verbose, format json) ${query}`.execute(db);
    return rows[0]?.["QUERY PLAN"][0]?.Plan;
  } catch {
    return undefined;
  }
};

const scannedRows = async (db: Database, root: Node): Promise<Map<string, number>> => {
  const scans = new Map<string, number>();
  for (const node of allNodes(root)) {
    const name = node["Relation Name"];
    if (node["Node Type"] !== "Seq Scan" || name === undefined) continue;
    const { rows } = await sql<{ rows: number }>`
      select greatest(reltuples, 0)::int8 as rows from pg_class
      where oid = to_regclass(format('%I.%I', ${node.Schema ?? "public"}::text, ${name}::text))`.execute(db);
    scans.set(name, Number(rows[0]?.rows ?? 0));
  }
  return scans;
};

const allNodes = (node: Node): Node[] => [node, ...(node.Plans ?? []).flatMap(allNodes)];
