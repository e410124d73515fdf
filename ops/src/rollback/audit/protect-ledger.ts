import { sql } from "kysely";
import type { Clock } from "../../core/clock.ts";
import { defineFailure } from "../../core/failure.ts";
import type { Database } from "../change/change.ts";
import { recordInLedger } from "./ledger.ts";

const ownerRefused = defineFailure({
  code: "EB_LEDGER_OWNER",
  status: 409,
  detail: "{detail}",
  remedy: "{remedy}",
});

const noSuchRole = (owner: string) =>
  ownerRefused({
    detail: `There is no role ${owner}.`,
    remedy: `As an administrator of the server: create role ${owner} nologin. Then try again.`,
  });

const stillMighty = (service: string, owner: string) =>
  ownerRefused({
    detail: `The role ${service}, which owns the ledger now, could rewrite it as before: it is a superuser, may create roles, is a member of ${owner}, or has the right to write the table.`,
    remedy: `Let the service use a role without these, and without ${owner}; log in as an administrator for this command.`,
  });

/** The owner of the ledger, and the role that can only read it and append to it. */
export interface LedgerProtection {
  owner: string;
  /** Null if the ledger was protected before. */
  service: string | null;
}

/**
 * Transfers the ledger to another role and records that. The previous owner, the role of the service, can then only read
 * and append: it cannot update, empty or drop the ledger, or disable the trigger that refuses changes.
 *
 * @throws Failure EB_LEDGER_OWNER
 */
export const protectLedger = (
  { db, clock }: { db: Database; clock: Clock },
  owner: string,
  { requestedBy: operator, origin }: { requestedBy: string; origin: string },
): Promise<LedgerProtection> =>
  db.transaction().execute(async (tx) => {
    const result = await changeOwner(tx, owner);
    if (result.service !== null)
      await recordInLedger(tx, { action: "protect-ledger", operator, origin, at: clock.now(), result });
    return result;
  });

const changeOwner = async (tx: Database, owner: string): Promise<LedgerProtection> => {
  const { rows } = await sql<{ service: string; there: boolean }>`
    select pg_get_userbyid(relowner) as service, to_regrole(quote_ident(${owner})) is not null as there
    from pg_class where oid = 'earlybird.ledger'::regclass`.execute(tx);
  const { service, there } = rows[0] ?? { service: "", there: false };
  if (!there) throw noSuchRole(owner);
  if (service === owner) return { owner, service: null };
  const [to, from] = [sql.id(owner), sql.id(service)];
  for (const statement of [
    // The owner of a schema can drop the tables in it.
    sql`alter schema earlybird owner to ${to}`,
    sql`grant usage, create on schema earlybird to ${from}`,
    sql`alter table earlybird.ledger owner to ${to}`,
    sql`alter function earlybird.append_to_ledger(text) owner to ${to}`,
    sql`alter function earlybird.refuse_ledger_change() owner to ${to}`,
    sql`grant select on earlybird.ledger to ${from}`,
    sql`grant execute on function earlybird.append_to_ledger(text) to ${from}`,
  ]) {
    await statement.execute(tx);
  }
  if (await isMighty(tx, service, owner)) throw stillMighty(service, owner);
  return { owner, service };
};

const isMighty = async (tx: Database, service: string, owner: string): Promise<boolean> => {
  const { rows } = await sql<{ mighty: boolean }>`
    select rolsuper or rolcreaterole or pg_has_role(rolname, ${owner}, 'member')
      or has_table_privilege(rolname, 'earlybird.ledger', 'insert, update, delete, truncate, trigger') as mighty
    from pg_roles where rolname = ${service}`.execute(tx);
  return rows[0]?.mighty ?? true;
};
