import { sql } from "kysely";
import type { Database } from "../change/change.ts";
import { blocks, type Finding, warns } from "../change/finding.ts";
import { serviceTriggers } from "../database/service-triggers.ts";
import { quotedTable } from "../database/table-names.ts";

interface TableFacts {
  name: string;
  kind: string | null;
  owned: boolean;
  row_security: boolean;
  partition: boolean;
  inherits: boolean;
  primary_key: boolean;
  rules: string[];
}

/** Findings about the tables of a change that hold for all kinds of parts. */
export const tableFindings = async (
  db: Database,
  {
    tables,
    keyed,
  }: {
    tables: readonly string[];
    /** The tables that need a primary key. */
    keyed: readonly string[];
  },
): Promise<Finding[]> => {
  if (tables.length === 0) return [];
  const { rows } = await sql<TableFacts>`
    select t.name, c.relkind as kind, pg_has_role(c.relowner, 'usage') as owned, row_security_active(c.oid) as row_security,
      c.relispartition as partition,
      exists (select from pg_inherits i where (i.inhparent = c.oid and c.relkind = 'r')
        or (i.inhrelid = c.oid and not c.relispartition)) as inherits,
      exists (select from pg_index i where i.indrelid = c.oid and i.indisprimary)
        or t.name <> all(${[...keyed]}::text[]) as primary_key,
      array(select r.rulename::text from pg_rewrite r where r.ev_class = c.oid order by 1) as rules
    from unnest(${[...tables]}::text[], ${tables.map(quotedTable)}::text[]) as t (name, quoted)
    left join pg_class c on c.oid = to_regclass(t.quoted) order by t.name`.execute(db);
  return rows.flatMap(aboutOne);
};

/** The service's triggers on these tables, which do not fire on what a move writes. */
export const suspendedTriggers = async (db: Database, written: readonly string[]): Promise<Finding[]> =>
  written.length === 0
    ? []
    : (await serviceTriggers(db, written)).map(({ table, name }) =>
        warns(
          "trigger-suspended",
          `Trigger "${name}" of ${table} does not fire on what the move writes`,
          "if it maintains other data, bring these up to date yourself afterwards",
        ),
      );

const aboutOne = (table: TableFacts): Finding[] => {
  const { name, kind, owned, row_security, partition, inherits, primary_key, rules } = table;
  if (kind === null)
    return [blocks("table-missing", `Table ${name} does not exist`, "create it, or check the search_path")];
  if (kind !== "r" && kind !== "p")
    return [blocks("no-table", `${name} is not a table`, "declare the change on the table behind it")];
  const findings: Finding[] = [];
  if (!owned)
    findings.push(
      blocks(
        "not-owner",
        `The role of this connection does not own ${name}`,
        "connect as its owner, or be granted its owner's role",
      ),
    );
  if (row_security)
    findings.push(
      blocks(
        "row-security",
        `Row-level security hides rows of ${name} from the role of this connection`,
        `alter table ${name} no force row level security, or give the role bypassrls`,
      ),
    );
  if (partition)
    findings.push(
      blocks("partition", `${name} is a partition`, "declare the change on the partitioned table"),
    );
  if (inherits)
    findings.push(
      blocks(
        "inheritance",
        `${name} has inheritance children or inherits, and what is written to a child is not seen at its parent`,
        "turn it into a partitioned table, or take it out of the change",
      ),
    );
  if (!primary_key)
    findings.push(
      blocks("no-primary-key", `${name} has no primary key`, `alter table ${name} add primary key (...)`),
    );
  for (const rule of rules) {
    findings.push(
      blocks(
        "rule",
        `Rule "${rule}" on ${name} rewrites what is written to it`,
        "replace it with a trigger, or drop it",
      ),
    );
  }
  return findings;
};
