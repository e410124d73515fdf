import { type RawBuilder, sql } from "kysely";
import type { Database } from "../change/change.ts";

/** What PostgreSQL's planner expects of a query, without running it. */
export interface QueryPlan {
  /** In the planner's units. */
  cost: number;
  rows: number;
  /** Its scans, the outermost first: `Index Scan using orders_pkey`. */
  scans: string[];
}

interface Node {
  "Node Type": string;
  "Total Cost": number;
  "Plan Rows": number;
  "Index Name"?: string;
  "Relation Name"?: string;
  Plans?: Node[];
}

export const explain = async (db: Database, query: RawBuilder<unknown>): Promise<QueryPlan> => {
  const { rows } = await sql<{ "QUERY PLAN": { Plan: Node }[] }>`explain (format json) ${query}`.execute(db);
  const root = rows[0]?.["QUERY PLAN"][0]?.Plan;
  return {
    cost: root?.["Total Cost"] ?? 0,
    rows: root?.["Plan Rows"] ?? 0,
    scans: root ? scansOf(root) : [],
  };
};

/** How many rows the planner expects of a query. */
export const plannedRows = async (db: Database, query: RawBuilder<unknown>): Promise<number> =>
  (await explain(db, query)).rows;

const scansOf = (node: Node): string[] => {
  const below = (node.Plans ?? []).flatMap(scansOf);
  const name = node["Index Name"]
    ? ` using ${node["Index Name"]}`
    : node["Relation Name"]
      ? ` on ${node["Relation Name"]}`
      : "";
  return name ? [`${node["Node Type"]}${name}`, ...below] : below;
};
