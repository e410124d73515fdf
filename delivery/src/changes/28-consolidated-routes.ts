import { behaviour, defineChange } from "@earlybird-ops/platform/rollback";
import { routeTraffic } from "../http/route-traffic.ts";

export default defineChange({
  step: 28,
  name: "consolidated-routes",
  title: "One path for each kind of thing",
  requires: [],
  risk: "low",
  parts: [behaviour("consolidated-routes")],
  impact: async () =>
    routeTraffic().map(({ route, requests }) => ({
      label: `in the last hour: ${route}`,
      value: requests,
      unit: "requests",
    })),
});
