import { behaviour, columns, defineChange, index, noneOf } from "@earlybird-ops/platform/rollback";
import { type RawBuilder, sql } from "kysely";
import { countBy, dated } from "./impact.ts";

const trail = [
  "confirmed_by_user_id",
  "confirmed_by_name",
  "confirmed_at",
  "confirmation_method",
  "ip_address",
  "device_info",
];
const anyOfTheTrail: RawBuilder<unknown> = sql.join(
  trail.map((column) => sql`${sql.id(column)} is not null`),
  sql` or `,
);

export default defineChange({
  step: 25,
  name: "delivery-audit",
  title: "Each confirmation records who, when, how and from where",
  requires: [20],
  risk: "high",
  whileRolledBack: "Confirmations do not record who made them, how, or from which address.",
  affects: {
    routes: ["POST /api/deliveries/confirm", "POST /api/shared-links/:token/confirm"],
    alerts: ["DELIVERY_ISSUE"],
  },
  parts: [
    columns("delivery_statuses", {
      confirmed_by_user_id: { type: "text", references: "users.id" },
      confirmed_by_name: { type: "text" },
      confirmed_at: { type: "timestamptz" },
      confirmation_method: { type: "text" },
      ip_address: { type: "text" },
      device_info: { type: "text" },
    }),
    index("delivery_statuses", ["confirmed_by_user_id"]),
    behaviour("delivery-audit"),
  ],
  impact: async (db) => [
    ...(await countBy(
      db,
      "confirmations losing their trail, by",
      "confirmations",
      sql`select confirmation_method as part, count(*) as value from delivery_statuses
        where confirmation_method is not null group by part order by part`,
    )),
    ...(await dated(
      db,
      "of these",
      sql`select min(confirmed_at) as oldest, max(confirmed_at) as newest from delivery_statuses`,
    )),
  ],
  verify: async (db, state) =>
    state === "applied"
      ? [
          await noneOf(
            db,
            "every confirmation with a method says when",
            sql`select id from delivery_statuses where confirmation_method is not null and confirmed_at is null`,
          ),
        ]
      : [
          await noneOf(
            db,
            "no delivery has a trail",
            sql`select id from delivery_statuses where ${anyOfTheTrail}`,
          ),
        ],
});
