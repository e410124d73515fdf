import { sql } from "kysely";
import type { Database, Part } from "../change/change.ts";
import { blocks } from "../change/finding.ts";
import { oidOf, parkingSchema } from "../database/table-names.ts";
import { inertPart } from "./inert-part.ts";

/**
 * A table that the change adds. Rolling back moves it, with its rows, indexes and constraints, into the
 * parking schema; re-applying moves it back. Both take constant time.
 *
 * @param definition the text between the parentheses of `create table`
 */
export const table = (name: string, definition: string): Part => {
  const exists = async (db: Database, schema?: string): Promise<boolean> => {
    const { rows } = await sql<{ found: string | null }>`
      select ${oidOf(schema ? `${schema}.${name}` : name)}::text as found`.execute(db);
    return rows[0]?.found != null;
  };
  return {
    ...inertPart,
    kind: "table",
    describe: {
      rollback: `Moves the table \`${name}\` with its rows to the schema \`${parkingSchema}\`, in constant time.`,
      reapply: "Moves it back, in constant time.",
    },
    creates: [name],
    async apply(db) {
      await sql`create table if not exists ${sql.id(name)} (${sql.raw(definition)})`.execute(db);
      await sql`create schema if not exists ${sql.id(parkingSchema)}`.execute(db);
    },
    async swap({ db, direction }) {
      const [from, to] =
        direction === "rollback"
          ? [sql.id(name), parkingSchema]
          : [sql.id(parkingSchema, name), await homeSchema(db)];
      if (direction === "rollback" ? await exists(db, parkingSchema) : !(await exists(db, parkingSchema)))
        return;
      await sql`alter table ${from} set schema ${sql.id(to)}`.execute(db);
    },
    async findings(db, _step, state) {
      const there = await exists(db, state === "rolled_back" ? parkingSchema : undefined);
      if (state === undefined) {
        return there
          ? [
              blocks(
                "table-exists",
                `There is a table ${name} already`,
                "rename it, or leave it out of the change",
              ),
            ]
          : [];
      }
      if (there) return [];
      const place = state === "rolled_back" ? `${parkingSchema}.${name}` : name;
      return [
        blocks(
          "table-missing",
          `Table ${place} does not exist`,
          "somebody dropped or moved it: bring it back",
        ),
      ];
    },
    async count(db, _step, direction) {
      const place = direction === "rollback" ? sql.id(name) : sql.id(parkingSchema, name);
      const { rows } = await sql<{ rows: number }>`select count(*) as rows from ${place}`.execute(db);
      return [
        {
          table: name,
          action: direction === "rollback" ? "parked" : "restored",
          rows: Number(rows[0]?.rows),
        },
      ];
    },
    async estimate(db, _step, direction) {
      const { rows } = await sql<{ rows: number }>`select greatest(reltuples, 0)::bigint as rows from pg_class
        where oid = ${oidOf(direction === "rollback" ? name : `${parkingSchema}.${name}`)}`.execute(db);
      return Number(rows[0]?.rows ?? 0);
    },
    async check(db, _step, state) {
      const ok = (await exists(db)) === (state === "applied");
      const where = state === "applied" ? "in place" : "parked";
      return [{ name: `table ${name} is ${where}`, ok, detail: ok ? where : "not where it should be" }];
    },
    async parked(db) {
      const { rows } = await sql<{ rows: number; bytes: number }>`
        select (select count(*) from ${sql.id(parkingSchema, name)}) as rows,
          pg_total_relation_size(${oidOf(`${parkingSchema}.${name}`)}) as bytes`.execute(db);
      return [{ place: name, rows: Number(rows[0]?.rows ?? 0), bytes: Number(rows[0]?.bytes ?? 0) }];
    },
    async purge(db) {
      const purged = await sql`delete from ${sql.id(parkingSchema, name)}`.execute(db);
      return [{ table: name, action: "purged", rows: Number(purged.numAffectedRows ?? 0) }];
    },
  };
};

/** Where the service's own tables are. */
const homeSchema = async (db: Database): Promise<string> => {
  const { rows } = await sql<{ schema: string }>`select current_schema() as schema`.execute(db);
  return rows[0]?.schema ?? "public";
};
