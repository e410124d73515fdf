import { defineChange, index } from "earlybird/rollback";
import { notYetReversible } from "./pending.ts";

export default defineChange({
  step: 30,
  name: "indexes",
  title: "The hot queries have their indexes",
  requires: [],
  risk: "high",
  parts: [
    index("orders", ["customer_id"]),
    index("orders", ["placed_by"]),
    index("orders", ["delivery_date desc"]),
    index("subscriptions", ["customer_id"]),
    index("subscriptions", ["status"]),
    index("delivery_statuses", ["customer_id", "delivery_date desc"]),
    index("billing_records", ["customer_id"]),
    index("billing_records", ["period desc"]),
  ],
  irreversible: notYetReversible,
  impact: async () => [],
  verify: async () => [],
});
