import type { FastifyPluginAsyncZod } from "fastify-type-provider-zod";
import { commandRoutes } from "./command.ts";
import type { ReleaseRoutesOptions } from "./options.ts";
import { readRoutes } from "./read.ts";
import { startRoutes } from "./start.ts";

export type { ReleaseRoutesOptions, Releases } from "./options.ts";

/** Releases, read from disk: they work while the database is away. Operators read, admins start and command. */
export const releaseRoutes: FastifyPluginAsyncZod<ReleaseRoutesOptions> = async (app, options) => {
  await app.register(readRoutes, options);
  await app.register(commandRoutes, options);
  await app.register(startRoutes, options);
};
