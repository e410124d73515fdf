import { sql } from "kysely";
import type { Database, StepState } from "../change/change.ts";
import { blocks, type Finding, warns } from "../change/finding.ts";
import { publicationsOf } from "../database/publications.ts";
import { columnTypes, hangsOnColumns } from "./column-dependencies.ts";
import { readersOfTable } from "./column-grants.ts";
import type { ColumnNames } from "./column-names.ts";

/** What the catalog says against adding these columns (`state` is undefined then), or against swapping them. */
export const columnFindings = async (
  db: Database,
  {
    table,
    names,
    state,
    subscribersPrepared,
  }: {
    table: string;
    names: readonly ColumnNames[];
    state: StepState | undefined;
    subscribersPrepared: boolean;
  },
): Promise<Finding[]> => {
  const types = await columnTypes(db, table);
  // A table that is missing has its own finding.
  if (types.size === 0) return [];
  const findings =
    state === undefined
      ? [...names.flatMap((name) => taken(table, name, types)), ...colliding(table, names)]
      : [];
  const hidden = ({ empty, parked }: ColumnNames) => (state === "rolled_back" ? parked : empty);
  if (state !== undefined) {
    findings.push(...names.flatMap((name) => unlikeTwins(table, { name, hidden: hidden(name), types })));
    const all = names.flatMap((name) => [name.visible, hidden(name)]);
    for (const { kind, name, column } of await hangsOnColumns(db, table, all)) {
      findings.push(
        blocks(
          "hangs-on-column",
          `${kind} "${name}" depends on ${table}.${column} and would follow it through the swap`,
          "drop it first, and create it again afterwards",
        ),
      );
    }
  }
  if (!subscribersPrepared) findings.push(...(await published(db, table, names)));
  return findings;
};

/** Who can read the values while they are parked, and which statements read them without knowing it. */
export const columnCautions = async (
  db: Database,
  table: string,
  names: readonly ColumnNames[],
): Promise<Finding[]> => [...(await readable(db, table, names)), ...(await selectedWhole(db, table))];

/** Columns of these names that the change did not make: it would take them for its own. */
const taken = (
  table: string,
  { visible, empty, parked }: ColumnNames,
  types: Map<string, string>,
): Finding[] =>
  [visible, empty, parked]
    .filter((name) => types.has(name))
    .map((name) =>
      blocks(
        "column-exists",
        `Table ${table} has a column ${name} already`,
        "rename or drop it, or leave it out of the change",
      ),
    );

/** Names that PostgreSQL cuts at 63 bytes may be the same afterwards. */
const colliding = (table: string, names: readonly ColumnNames[]): Finding[] => {
  const all = names.flatMap(({ visible, empty, parked }) => [visible, empty, parked]);
  return [...new Set(all.filter((name, at) => all.indexOf(name) !== at))].map((name) =>
    blocks(
      "name-collision",
      `Two columns of ${table} would be called ${name}`,
      "give one of them a shorter name",
    ),
  );
};

const unlikeTwins = (
  table: string,
  { name: { visible }, hidden, types }: { name: ColumnNames; hidden: string; types: Map<string, string> },
): Finding[] => {
  const [shown, twin] = [types.get(visible), types.get(hidden)];
  if (shown === undefined || twin === undefined) {
    const missing = shown === undefined ? visible : hidden;
    return [
      blocks(
        "column-missing",
        `Column ${table}.${missing} is missing`,
        `somebody dropped or renamed it: create it again as ${twin ?? shown ?? "it was"}`,
      ),
    ];
  }
  if (shown === twin) return [];
  return [
    blocks(
      "column-type",
      `${table}.${visible} is of type ${shown}, and its twin ${hidden} of type ${twin}`,
      "alter both to the same type",
    ),
  ];
};

const published = async (db: Database, table: string, names: readonly ColumnNames[]): Promise<Finding[]> => {
  const publications = await publicationsOf(db, table);
  if (publications.length === 0) return [];
  const columns = names.flatMap(({ visible, empty, parked }) => [visible, empty, parked]).join(", ");
  return [
    blocks(
      "published",
      `Publication ${publications.join(", ")} sends ${table} to subscribers, which stop at a column that they do not have`,
      `add ${columns} to ${table} on each subscriber, then declare the columns with subscribersPrepared: true`,
    ),
  ];
};

const readable = async (db: Database, table: string, names: readonly ColumnNames[]): Promise<Finding[]> => {
  const readers = await readersOfTable(db, table);
  if (readers.length === 0) return [];
  const parked = names.map((name) => name.parked).join(", ");
  return [
    warns(
      "parked-readable",
      `${readers.join(", ")} can read ${parked} while it is rolled back, by a grant on all of ${table}`,
      "grant the columns by name instead of the whole table",
    ),
  ];
};

/** Statements that read every column, as far as the server keeps count of statements. */
const selectedWhole = async (db: Database, table: string): Promise<Finding[]> => {
  // The setting is there while the module is loaded; without that its view cannot be read.
  const { rows: kept } = await sql<{ statements: string | null }>`
    select to_regclass('pg_stat_statements')::text as statements
    from pg_settings where name = 'pg_stat_statements.max'`.execute(db);
  if (!kept[0]?.statements) return [];
  const name = table.split(".").at(-1) ?? table;
  const { rows } = await sql<{ query: string }>`
    select left(regexp_replace(query, '\\s+', ' ', 'g'), 120) as query from ${sql.raw(kept[0].statements)}
    where dbid = (select oid from pg_database where datname = current_database())
      and query ~* '(select|returning)\\s+([a-z_"]+\\.)?\\*' and query ~* ${`\\m${name}\\M`}
    order by calls desc limit 3`.execute(db);
  if (rows.length === 0) return [];
  return [
    warns(
      "selects-all-columns",
      `Statements read every column of ${table}: ${rows.map(({ query }) => query).join("; ")}`,
      "name the columns: a prepared statement that selects * fails after a swap, and shows the parked column",
    ),
  ];
};
