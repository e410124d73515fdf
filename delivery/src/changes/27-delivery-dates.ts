import { behaviour, defineChange } from "earlybird/rollback";
import { notYetReversible } from "./pending.ts";

export default defineChange({
  step: 27,
  name: "delivery-dates",
  title: "A delivery is confirmed near its order's date",
  requires: [20],
  risk: "critical",
  acknowledge: "phantom deliveries",
  parts: [behaviour("delivery-dates")],
  irreversible: notYetReversible,
  impact: async () => [],
  verify: async () => [],
});
