import { sql } from "kysely";
import { defineCheck, demand } from "../check.ts";
import { onDatabase } from "../database.ts";

const greatestAge = 1_000_000_000;

export const frozenIds = defineCheck({
  id: "frozen-ids",
  number: 20,
  group: "data",
  name: "Transaction ids",
  asks: "No database of the server is older than a billion transactions.",
  validForMs: 86_400_000,
  run: (context) =>
    onDatabase(context, async (db) => {
      const { rows } = await sql<{ name: string; age: number }>`
        select datname as name, age(datfrozenxid) as age from pg_database order by 2 desc limit 1`.execute(
        db,
      );
      const { name = "", age = Number.NaN } = rows[0] ?? {};
      return demand(
        age < greatestAge,
        `${name} is ${age} transactions old.`,
        `Run vacuum freeze in ${name}.`,
      );
    }),
});
