import { sql } from "kysely";
import { ledgerLock } from "../database/advisory-locks.ts";

const lock = sql`${sql.lit(ledgerLock[0])}, ${sql.lit(ledgerLock[1])}`;

/**
 * Chains an entry to the one before it. It runs with its owner's rights, so that a service may append without the privilege
 * to write the table, and therefore with a `search_path` that nobody can put objects into.
 */
export const appendFunction = [
  sql`create function earlybird.append_to_ledger(entry text, out seq bigint, out hash text)
    language plpgsql security definer set search_path = pg_catalog, pg_temp as $$
    declare
      previous record;
    begin
      -- Until the transaction ends, nobody else appends. Each statement reads what was committed before it.
      perform pg_advisory_xact_lock(${lock});
      select l.seq, l.hash into previous from earlybird.ledger l order by l.seq desc limit 1;
      previous.hash := coalesce(previous.hash, repeat('0', 64));
      seq := coalesce(previous.seq, 0) + 1;
      hash := encode(sha256(convert_to(
        concat(seq, chr(10), previous.hash, chr(10), entry), 'UTF8')), 'hex');
      insert into earlybird.ledger values (seq, previous.hash, hash, entry);
    end $$`,
  sql`revoke execute on function earlybird.append_to_ledger(text) from public`,
];
