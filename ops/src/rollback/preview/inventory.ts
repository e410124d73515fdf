import type { Database } from "../change/change.ts";
import { type DescribedTable, describeTables, hashRows } from "./fingerprint.ts";
import { schemaLines } from "./fingerprint-schema.ts";

/**
 * What a database holds at a moment. Unlike two fingerprints, an inventory can be compared after steps were applied for the
 * first time and rolled back again: what they added, such as parked columns, is no difference.
 */
export interface Inventory {
  readonly tables: readonly (DescribedTable & { rows: number; hash: string })[];
  readonly schema: readonly string[];
}

/** Reads every row of the service's tables, as `fingerprint` does. @throws Failure EB_ROWS_HIDDEN */
export const takeInventory = async (db: Database): Promise<Inventory> => {
  const tables: Inventory["tables"][number][] = [];
  for (const table of await describeTables(db)) tables.push({ ...table, ...(await hashRows(db, table)) });
  return { tables, schema: await schemaLines(db) };
};

/**
 * What is missing or different now: tables, columns, rows, values, and the rest of the schema. Read in a session with the
 * same settings.
 */
export const compareInventory = async (db: Database, before: Inventory): Promise<string[]> => {
  const now = new Map((await describeTables(db)).map((table) => [table.name, table]));
  const differences: string[] = [];
  for (const table of before.tables) {
    const found = now.get(table.name);
    if (found) differences.push(...(await compareTable(db, table, found)));
    else differences.push(`table ${table.name} is missing`);
  }
  const lines = new Set(await schemaLines(db));
  const missing = before.schema.filter((line) => !lines.has(line));
  return [...differences, ...missing.map((line) => `${describeLine(line)} is missing or different`)];
};

const compareTable = async (
  db: Database,
  table: Inventory["tables"][number],
  found: DescribedTable,
): Promise<string[]> => {
  const columns = new Set(found.columns.map(({ column }) => column));
  const missing = table.columns.filter(({ column }) => !columns.has(column));
  if (missing.length > 0) return missing.map(({ column }) => `column ${table.name}.${column} is missing`);
  const { rows, hash } = await hashRows(db, { source: found.source, columns: table.columns });
  if (rows !== table.rows) return [`table ${table.name} has ${rows} rows instead of ${table.rows}`];
  return hash === table.hash ? [] : [`table ${table.name} has other values`];
};

/** `["column","loans","note",...]` is the column loans.note. */
const describeLine = (line: string): string => {
  const [kind, ...names] = JSON.parse(line) as unknown[];
  return `${kind} ${names
    .filter((name) => typeof name === "string")
    .slice(0, 2)
    .join(" ")}`;
};
