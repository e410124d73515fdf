import { behaviour, columns, defineChange, index } from "earlybird/rollback";
import { notYetReversible } from "./pending.ts";

export default defineChange({
  step: 25,
  name: "delivery-audit",
  title: "Each confirmation tells who, when, how and from where",
  requires: [20],
  risk: "high",
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
  irreversible: notYetReversible,
  impact: async () => [],
  verify: async () => [],
});
