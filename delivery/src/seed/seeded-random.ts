import { createHash } from "node:crypto";
import { type RawBuilder, sql } from "kysely";

/** SQL fragments that look like chance and are not: the same seed, question and key answer the same. */
export interface SeededRandom {
  /** A whole number from 0 to `sides - 1`; the salt `what` keeps two questions about one key apart. */
  roll(what: string, key: RawBuilder<unknown>, sides: number | RawBuilder<unknown>): RawBuilder<number>;
  /** True in `perMille` of a thousand keys. */
  happens(what: string, key: RawBuilder<unknown>, perMille: number): RawBuilder<boolean>;
  /** One of `values`; a value listed twice comes twice as often. */
  pick(what: string, key: RawBuilder<unknown>, values: readonly string[]): RawBuilder<string>;
  /** A prefixed UUID v7, born at `at`: `ord_019b7a3c-...`. Unique for one prefix as long as keys are. */
  id(prefix: Prefix, at: RawBuilder<unknown>, key: RawBuilder<unknown>): RawBuilder<string>;
}

export type Prefix = "usr" | "cst" | "prd" | "sub" | "ord" | "dlv" | "bil";

/**
 * Derives everything from PostgreSQL's `hashint8extended`. Hash partitions on disk depend on its results,
 * so they are the same in every version; it costs a tenth of what md5 does, and `random()` could not be
 * repeated whatever the plan.
 */
export const createSeededRandom = (seed: number): SeededRandom => {
  const hash = (what: string, key: RawBuilder<unknown>) => {
    const salt = createHash("sha256").update(`${seed}:${what}`).digest().readBigInt64BE();
    return sql`hashint8extended((${key})::bigint, ${salt.toString()}::bigint)`;
  };
  const roll: SeededRandom["roll"] = (what, key, sides) =>
    sql`((${hash(what, key)} & 9007199254740991) % ${sides})::integer`;

  return {
    roll,
    happens: (what, key, perMille) => sql`(${roll(what, key, 1000)} < ${perMille})`,
    pick: (what, key, values) => sql`(${values}::text[])[1 + ${roll(what, key, values.length)}]`,
    // 48 bits of milliseconds, the version 7, 12 bits; then the variant 10 and 62 bits. A negative bigint
    // prints all of its 16 hexadecimal digits.
    id: (prefix, at, key) => sql`${`${prefix}_`} || (
      lpad(to_hex(
        ((date_part('epoch', ${at}) * 1000)::bigint << 16) | 28672 | (${hash(`${prefix} id, head`, key)} & 4095)
      ), 16, '0')
      || to_hex((${hash(`${prefix} id, tail`, key)} & 4611686018427387903) | (-9223372036854775808))
    )::uuid::text`,
  };
};
