import { systemClock } from "../../ops/src/core/clock.ts";
import { loadReleaseRoutes, type ReleaseRoutesOptions } from "../../ops/src/deployment/index.ts";
import { routeTable } from "./routes.ts";

/** A row for each HTTP route about releases, as the plugin registers them. */
export const releaseRouteTable = (): Promise<string> =>
  routeTable(
    async (app) => {
      const { releaseRoutes } = await loadReleaseRoutes();
      await app.register(releaseRoutes, {
        dataDir: "/",
        // No route is called, so the history can be empty.
        history: {} as ReleaseRoutesOptions["history"],
        clock: systemClock,
        operatorOnly: async () => undefined,
        admin: async () => ({ id: "", name: "" }),
      });
    },
    ({ method }) => (method === "GET" ? "operator" : "admin"),
  );
