import { isDatabaseUnavailable } from "earlybird/database";
import { DeadlineExceeded } from "earlybird/monitoring";

/** Whether an error means that the database cannot be reached, or is silent on a connection that is open. */
export const isDatabaseUnreachable = (error: unknown): boolean =>
  error instanceof DeadlineExceeded || isDatabaseUnavailable(error);
