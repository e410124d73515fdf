import { behaviour, defineChange } from "@earlybird-ops/platform/rollback";
import { sql } from "kysely";
import { access } from "../access.ts";
import { ids } from "../ids/index.ts";
import { countBy } from "./impact.ts";

export default defineChange({
  step: 29,
  name: "uuid-ids",
  title: "Ids are prefixed UUIDs",
  requires: [],
  risk: "critical",
  acknowledge: "id rewrite",
  whileRolledBack:
    "Ids have their old form (`order-001042`), with the original values. Ids of either style are accepted in either state.",
  affects: {
    routes: Object.keys(access).filter((route) => route.includes("/:id") || route.startsWith("POST ")),
    alerts: ["API_TIMEOUT"],
  },
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
