import type { Direction } from "../api/queries.ts";

/** What a link to a step carries: a decision that somebody has prepared, or the alert that led here. */
export interface StepSearch {
  reason?: string;
  /** The id of an alert; its message is the reason unless `reason` is set. */
  alert?: string;
  direction?: Direction;
  /** The hash of the dry run that the link was prepared with. */
  plan?: string;
  /** Who prepared the link, as the link says. */
  by?: string;
  /** Whether dependent steps move, too. */
  cascade?: true;
}

/** Reads the search parameters of a step's page and leaves out what it does not know. */
export const stepSearch = (search: Record<string, unknown>): StepSearch => {
  const { direction, cascade } = search;
  const text = (name: "reason" | "alert" | "plan" | "by") => {
    const value = search[name];
    return value === undefined || value === "" ? {} : { [name]: String(value) };
  };
  return {
    ...text("reason"),
    ...text("alert"),
    ...text("plan"),
    ...text("by"),
    ...((direction === "rollback" || direction === "reapply") && { direction }),
    ...(cascade === true && { cascade }),
  };
};
