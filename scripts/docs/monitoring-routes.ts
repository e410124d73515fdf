import { earlybird, type Observed } from "@earlybird-ops/platform";
import { routeTable } from "./routes.ts";

/** A row for each HTTP route about health and alerts, as the plugin registers them. */
export const monitoringRouteTable = (): Promise<string> =>
  routeTable(
    async (app) => {
      // No route is called, so the services can be empty.
      const nothing = { monitoring: {}, alerts: {}, dispatcher: {}, fleet: {}, settings: [] };
      await app.register(earlybird, {
        ...(nothing as unknown as Observed),
        authorize: async () => ({ id: "", name: "" }),
        version: "",
        securityScheme: "login",
      });
    },
    ({ url, schema }) => {
      if (url === "/metrics") return "operator, `METRICS_TOKEN`, or this machine";
      const { security = [] } = schema as { security?: unknown[] };
      return security.length === 0 ? "all" : "operator";
    },
  );
