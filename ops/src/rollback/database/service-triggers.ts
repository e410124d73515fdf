import { sql } from "kysely";
import type { Database } from "../change/change.ts";
import { oidsWithPartitionsOf } from "./table-names.ts";

interface ServiceTrigger {
  table: string;
  name: string;
  enabled: "O" | "R" | "A";
}

/** The service's own triggers that would fire on an update of these tables, those of their partitions included. */
export const serviceTriggers = async (db: Database, tables: readonly string[]): Promise<ServiceTrigger[]> => {
  // tgtype 16: fires on update. The names come quoted from the catalog.
  const { rows } = await sql<ServiceTrigger>`
    select tgrelid::regclass::text as table, tgname as name, tgenabled as enabled from pg_trigger
    where tgrelid in ${oidsWithPartitionsOf(tables)} and not tgisinternal and tgenabled in ('O', 'A')
      and tgtype & 16 <> 0 and tgname not like 'earlybird\\_journal\\_%'
    order by 1, 2`.execute(db);
  return rows;
};

/**
 * Sets the service's own triggers on these tables aside, inside the transaction: what returns must be what left, not
 * what a trigger such as `set last_update = now()` makes of it. Others cannot write to the tables meanwhile, because
 * this takes their lock against writers; where there are no such triggers it takes none.
 *
 * @returns a function that puts them back exactly as they were
 */
export const suspendTriggers = async (
  db: Database,
  tables: readonly string[],
): Promise<() => Promise<void>> => {
  const triggers = tables.length > 0 ? await serviceTriggers(db, tables) : [];
  const alter = async (verb: (trigger: ServiceTrigger) => string) => {
    // A table with trigger events that are still to come cannot be altered.
    if (triggers.length > 0) await sql`set constraints all immediate`.execute(db);
    for (const trigger of triggers)
      await sql`alter table only ${sql.raw(trigger.table)} ${sql.raw(verb(trigger))} trigger ${sql.id(trigger.name)}`.execute(
        db,
      );
  };
  await alter(() => "disable");
  return () => alter(({ enabled }) => (enabled === "A" ? "enable always" : "enable"));
};
