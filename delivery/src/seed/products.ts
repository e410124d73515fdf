import { sql, type Transaction } from "kysely";
import type { Tables } from "../database.ts";
import { catalogue } from "./catalogue.ts";
import type { Plan } from "./plan.ts";

/**
 * Puts the catalogue on sale. `seed_products` numbers what can be ordered: `nth` from 0 within its category,
 * of `in_category`, and `no` from 0 over all.
 */
export const seedProducts = async (tx: Transaction<Tables>, { random, firstDay }: Plan): Promise<number> => {
  const at = sql`(${firstDay}::date - 400 + p.no * interval '1 hour')::timestamptz`;
  const inserted = await sql`
    insert into products (id, name, category, unit, price_paise, active)
    select ${random.id("prd", at, sql`p.no`)}, p.name, p.category, p.unit, p.price_paise, p.active
    from jsonb_to_recordset(${JSON.stringify(catalogue.map((product, no) => ({ no, ...product })))}::jsonb)
      as p (no integer, name text, category text, unit text, price_paise integer, active boolean)
    order by p.no`.execute(tx);
  await sql`
    create temporary table seed_products on commit drop as
    select id, category, price_paise,
      row_number() over (order by id) - 1 as no,
      row_number() over (partition by category order by id) - 1 as nth,
      count(*) over (partition by category) as in_category
    from products where active`.execute(tx);
  return Number(inserted.numAffectedRows);
};
