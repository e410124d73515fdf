import { behaviour, defineChange } from "@earlybird-ops/platform/rollback";
import { oldRoutes } from "../http/old-routes.ts";
import { routeTraffic } from "../http/route-traffic.ts";

export default defineChange({
  step: 28,
  name: "consolidated-routes",
  title: "One path for each kind of thing",
  requires: [],
  risk: "low",
  whileRolledBack:
    "The old paths work, such as `/api/orders/create`. The new ones return 404 and name the step.",
  affects: {
    routes: oldRoutes.flatMap(({ method, from, to }) => [`${method} ${from}`, `${method} ${to}`]),
    alerts: ["HIGH_ERROR_RATE"],
  },
  parts: [behaviour("consolidated-routes")],
  impact: async () =>
    routeTraffic().map(({ route, requests }) => ({
      label: `in the last hour: ${route}`,
      value: requests,
      unit: "requests",
      group: "in the last hour",
      key: route,
    })),
});
