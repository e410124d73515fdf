import { behaviour, defineChange } from "earlybird/rollback";
import { notYetReversible } from "./pending.ts";

export default defineChange({
  step: 28,
  name: "consolidated-routes",
  title: "One path for each kind of thing",
  requires: [],
  risk: "low",
  parts: [behaviour("consolidated-routes")],
  irreversible: notYetReversible,
  impact: async () => [],
  verify: async () => [],
});
