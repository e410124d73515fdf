import { type RawBuilder, sql } from "kysely";
import { inertPart, type Part } from "./part.ts";

/** A column of an index, `"delivery_date desc"` for one in descending order. */
export type IndexColumn = string | `${string} desc`;

/**
 * An index. One on columns that the same change parks follows its physical column through the swap, so that
 * it is complete when the column returns.
 */
export const index = (table: string, columns: readonly IndexColumn[]): Part => {
  const name = [table, ...columns.map((column) => column.replace(" ", "_")), "idx"].join("_").slice(0, 63);
  const keys: RawBuilder<unknown>[] = columns.map((column) => {
    const [plain = "", order] = column.split(" ");
    return order === "desc" ? sql`${sql.id(plain)} desc` : sql.id(plain);
  });
  return {
    ...inertPart,
    kind: "index",
    async apply(db) {
      await sql`create index if not exists ${sql.id(name)} on ${sql.table(table)} (${sql.join(keys)})`.execute(
        db,
      );
    },
    async check(db) {
      const { rows } = await sql<{ valid: boolean }>`
        select indisvalid as valid from pg_index where indexrelid = to_regclass(quote_ident(${name}))`.execute(
        db,
      );
      const ok = rows[0]?.valid === true;
      return [{ name: `index ${name} is valid`, ok, detail: ok ? "present" : "missing or not valid" }];
    },
  };
};
