import { declaredChanges } from "../../delivery/src/changes/index.ts";

/** Reason and phrases for whatever is asked; what depends on a step comes along. */
export const asked = {
  requestedBy: "test",
  origin: "test",
  reason: "practice",
  acknowledge: declaredChanges.flatMap(({ acknowledge }) => acknowledge ?? []),
  cascade: true,
};
