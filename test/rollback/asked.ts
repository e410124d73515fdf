import { changes } from "../../delivery/src/changes/index.ts";

/** Reason and phrases for whatever is asked; what depends on a step comes along. */
export const asked = {
  requestedBy: "test",
  origin: "test",
  reason: "practice",
  acknowledge: changes.flatMap(({ acknowledge }) => acknowledge ?? []),
  cascade: true,
};
