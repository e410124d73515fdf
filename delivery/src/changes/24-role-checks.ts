import { behaviour, defineChange } from "earlybird/rollback";
import { notYetReversible } from "./pending.ts";

export default defineChange({
  step: 24,
  name: "role-checks",
  title: "Each route of the delivery API checks roles",
  requires: [],
  risk: "critical",
  acknowledge: "security exposed",
  parts: [behaviour("role-checks")],
  irreversible: notYetReversible,
  impact: async () => [],
  verify: async () => [],
});
