import type { FastifyInstance } from "fastify";

/**
 * Reads JSON bodies as Fastify does, and an empty one as none: many clients send the content type with
 * every POST, also where there is nothing to say.
 */
export const acceptEmptyJson = (app: FastifyInstance): void => {
  const parse = app.getDefaultJsonParser("error", "error");
  app.removeContentTypeParser("application/json");
  app.addContentTypeParser("application/json", { parseAs: "string" }, (request, body, done) => {
    if (body === "") done(null, undefined);
    else parse(request, body as string, done);
  });
};
