import { behaviour, columns, defineChange } from "earlybird/rollback";
import { notYetReversible } from "./pending.ts";

export default defineChange({
  step: 26,
  name: "delivery-quantities",
  title: "Each delivery tells what was really handed over",
  requires: [20],
  risk: "high",
  parts: [columns("delivery_statuses", { items: { type: "jsonb" } }), behaviour("delivery-quantities")],
  irreversible: notYetReversible,
  impact: async () => [],
  verify: async () => [],
});
