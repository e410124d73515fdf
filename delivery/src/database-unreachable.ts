import { isDatabaseUnavailable } from "@earlybird-ops/platform/database";
import { DeadlineExceeded } from "@earlybird-ops/platform/monitoring";

/** Whether an error means that the database is unreachable, or does not respond on an open connection. */
export const isDatabaseUnreachable = (error: unknown): boolean =>
  error instanceof DeadlineExceeded || isDatabaseUnavailable(error);
