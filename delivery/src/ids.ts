import { type RawBuilder, sql } from "kysely";
import { v7 } from "uuid";

/** What has an id of its own, and how the id begins. */
const prefixes = {
  user: "usr_",
  customer: "cst_",
  product: "prd_",
  subscription: "sub_",
  order: "ord_",
  delivery: "dlv_",
  bill: "bil_",
} as const;

export type IdKind = keyof typeof prefixes;

/** A new id: the kind's prefix and a UUID v7, so that ids sort by the time they were made. */
export const newId = (kind: IdKind): string => prefixes[kind] + v7();

/**
 * The same as an SQL expression, a new id for each row of a set-based statement. PostgreSQL has a
 * `uuidv7()` only since 18: here the first 48 bits of a random UUID become the time in milliseconds, and
 * bits 52 and 53 turn version 4 into 7 (RFC 9562, section 5.7).
 */
export const newIdSql = (kind: IdKind): RawBuilder<string> => sql<string>`
  ${prefixes[kind]}::text || encode(
    set_bit(set_bit(
      overlay(uuid_send(gen_random_uuid())
        placing substring(int8send((extract(epoch from clock_timestamp()) * 1000)::bigint) from 3) from 1 for 6),
      52, 1), 53, 1),
    'hex')::uuid::text`;
