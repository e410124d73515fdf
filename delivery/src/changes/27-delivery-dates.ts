import { behaviour, defineChange, table } from "@earlybird-ops/platform/rollback";
import { sql } from "kysely";
import { count } from "./impact.ts";

export default defineChange({
  step: 27,
  name: "delivery-dates",
  title: "A delivery is confirmed near its order's date",
  requires: [20],
  risk: "critical",
  acknowledge: "phantom deliveries",
  whileRolledBack: "Deliveries can be confirmed for any date, and for cancelled orders.",
  affects: {
    routes: [
      "POST /api/deliveries/confirm",
      "POST /api/shared-links/:token/confirm",
      "POST /api/deliveries/:id/correct",
    ],
    alerts: ["DELIVERY_ISSUE"],
  },
  parts: [
    table(
      "refused_confirmations",
      `id            bigint generated always as identity primary key,
       order_id      text not null references orders (id) on delete cascade,
       delivery_date date not null,
       code          text not null,
       at            timestamptz not null`,
    ),
    behaviour("delivery-dates"),
  ],
  impact: async (db) => [
    await count(
      db,
      "confirmations refused in the last 30 days that would have passed",
      "confirmations",
      sql`select count(*) from refused_confirmations where at > now() - interval '30 days'`,
    ),
  ],
});
