import { behaviour, columns, defineChange, index } from "earlybird/rollback";
import { notYetReversible } from "./pending.ts";

export default defineChange({
  step: 23,
  name: "one-time-billing",
  title: "One-time orders are billed",
  requires: [20, 22],
  risk: "critical",
  acknowledge: "revenue loss",
  parts: [
    columns("orders", { billed: { type: "boolean" } }),
    columns("billing_records", { order_id: { type: "text", references: "orders.id" } }),
    index("billing_records", ["order_id"]),
    behaviour("one-time-billing"),
  ],
  irreversible: notYetReversible,
  impact: async () => [],
  verify: async () => [],
});
