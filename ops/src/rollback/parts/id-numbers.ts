import { type RawBuilder, sql } from "kysely";
import type { Database } from "../change/change.ts";
import type { IdentifierStyle } from "./id-style.ts";

/** As SQL text, for functions that take a name. */
const numbersOf = (table: string) => `earlybird."numbers_${table.replaceAll('"', '""')}"`;

export const createNumbers = async (db: Database, table: string): Promise<void> => {
  await sql`create sequence if not exists ${sql.raw(numbersOf(table))}`.execute(db);
};

/** At least six digits, more where the number has more. Evaluated for each row, unlike a subquery. */
export const oldStyleId = ({ before }: IdentifierStyle, table: string): RawBuilder<string> => sql<string>`
  ${before}::text || to_char(nextval(${numbersOf(table)}::text::regclass), 'FM9999999999000000')`;

/** The number in an id of the old style, null in any other. Numbers of more digits are never reached. */
export const numberIn = (id: RawBuilder<unknown>, { before }: IdentifierStyle): RawBuilder<number> =>
  sql<number>`substring(${id} from ${`^${before}(\\d{1,15})$`})::bigint`;

/** Makes the next number come after `newest`. */
export const skipNumbers = async (db: Database, table: string, newest: number | null): Promise<void> => {
  if (newest === null) return;
  await sql`select setval(${numbersOf(table)}::text::regclass, ${newest}) from ${sql.raw(numbersOf(table))}
    where last_value <= ${newest}`.execute(db);
};

/**
 * PostgreSQL has a `uuidv7()` only since 18: here the first 48 bits of a random UUID become the time in
 * milliseconds, and bits 52 and 53 turn version 4 into 7 (RFC 9562, section 5.7).
 */
export const newStyleId = ({ now }: IdentifierStyle): RawBuilder<string> => sql<string>`
  ${now}::text || encode(
    set_bit(set_bit(
      overlay(uuid_send(gen_random_uuid())
        placing substring(int8send((extract(epoch from clock_timestamp()) * 1000)::bigint) from 3) from 1 for 6),
      52, 1), 53, 1),
    'hex')::uuid::text`;
