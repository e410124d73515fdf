import { type RollbackManager, rollbackRoutes } from "@earlybird-ops/platform/rollback";
import { systemClock } from "../../ops/src/core/clock.ts";
import { routeTable } from "./routes.ts";

/** A row for each HTTP route about reversible changes, as the plugin registers them. */
export const rollbackRouteTable = (): Promise<string> => {
  const nobody = async () => ({ id: "", name: "" });
  return routeTable(
    async (app) => {
      await app.register(rollbackRoutes, {
        // No route is called, so the manager can be empty.
        manager: {} as RollbackManager,
        clock: systemClock,
        operatorOnly: async () => undefined,
        mayOperate: async () => true,
        admin: nobody,
        whoIs: nobody,
      });
    },
    ({ method }) => (method === "GET" ? "operator" : "admin"),
  );
};
