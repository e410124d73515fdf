import { behaviour, defineChange } from "@earlybird-ops/platform/rollback";
import { sql } from "kysely";
import { ids } from "../ids/index.ts";
import { countBy } from "./impact.ts";

export default defineChange({
  step: 29,
  name: "uuid-ids",
  title: "Ids are prefixed UUIDs",
  requires: [],
  risk: "critical",
  acknowledge: "id rewrite",
  parts: [ids, behaviour("uuid-ids")],
  impact: async (db) => {
    const rewritten = await countBy(
      db,
      "ids rewritten in",
      "rows",
      sql`select 'users' as part, count(*) as value from users
        union all select 'customers', count(*) from customers
        union all select 'products', count(*) from products
        union all select 'subscriptions', count(*) from subscriptions
        union all select 'orders', count(*) from orders
        union all select 'delivery_statuses', count(*) from delivery_statuses
        union all select 'billing_records', count(*) from billing_records
        union all select 'shared_links', count(*) from shared_links`,
    );
    return rewritten;
  },
});
