import type { DatabaseHealth } from "./health-check.ts";

/** Takes the place of a checker in a service without a database. Never connects. */
export const noDatabase = {
  check: async (): Promise<DatabaseHealth> => ({
    status: "not_configured",
    response_time_ms: null,
    reason: null,
    pool: { size: 0, in_use: 0, waiting: 0 },
  }),
  onLost: (): void => {},
  close: (): void => {},
};
