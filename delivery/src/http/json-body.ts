import type { FastifyInstance } from "fastify";

/**
 * Parses JSON bodies as Fastify does, but accepts an empty body: many clients send the content type with every POST.
 */
export const acceptEmptyJson = (app: FastifyInstance): void => {
  const parse = app.getDefaultJsonParser("error", "error");
  app.removeContentTypeParser("application/json");
  app.addContentTypeParser("application/json", { parseAs: "string" }, (request, body, done) => {
    if (body === "") done(null, undefined);
    else parse(request, body as string, done);
  });
};
