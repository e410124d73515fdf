import { behaviour, defineChange } from "earlybird/rollback";
import { notYetReversible } from "./pending.ts";

export default defineChange({
  step: 29,
  name: "uuid-ids",
  title: "Ids are prefixed UUIDs",
  requires: [],
  risk: "critical",
  acknowledge: "id rewrite",
  parts: [behaviour("uuid-ids")],
  irreversible: notYetReversible,
  impact: async () => [],
  verify: async () => [],
});
