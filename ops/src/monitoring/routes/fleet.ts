import type { FastifyInstance } from "fastify";
import { type ErrorReader, errorsRoute } from "./errors.ts";
import { type HistoryReader, historyRoute } from "./history.ts";
import type { FleetRouteOptions } from "./period.ts";
import { type RoutesReader, routesRoute } from "./routes.ts";
import { type SeriesReader, seriesRoute } from "./series.ts";
import { type SinceReader, sinceRoute } from "./since.ts";

/** The routes about all instances of the service, from the database. */
export const fleetRoutes = async (
  app: FastifyInstance,
  options: FleetRouteOptions<ErrorReader & HistoryReader & RoutesReader & SeriesReader & SinceReader>,
): Promise<void> => {
  await app.register(historyRoute, options);
  await app.register(seriesRoute, options);
  await app.register(routesRoute, options);
  await app.register(errorsRoute, options);
  await app.register(sinceRoute, options);
};
