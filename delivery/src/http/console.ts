import { existsSync } from "node:fs";
import { join } from "node:path";
import fastifyStatic from "@fastify/static";
import type { FastifyInstance } from "fastify";

/**
 * Serves the built console at `/`, and its page for every address that a browser opens and nothing else
 * answers: the console has addresses of its own. Without a build there is only the API.
 */
export const registerConsole = async (app: FastifyInstance, directory: string | undefined): Promise<void> => {
  if (directory === undefined || !existsSync(join(directory, "index.html"))) return;
  await app.register(fastifyStatic, { root: directory, wildcard: false });
  app.get("/*", { schema: { hide: true } }, (request, reply) => {
    const browsing = request.headers.accept?.includes("text/html") && !request.url.startsWith("/api/");
    return browsing ? reply.sendFile("index.html") : reply.callNotFound();
  });
};
