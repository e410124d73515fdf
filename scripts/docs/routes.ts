import fastify, { type FastifyInstance, type RouteOptions } from "fastify";
import { serializerCompiler, validatorCompiler } from "fastify-type-provider-zod";
import { markdownTable } from "./marked-part.ts";

interface Fields {
  shape?: Record<string, unknown>;
  /** Present for an optional body. */
  unwrap?: () => Fields;
}

interface Described {
  summary?: string;
  body?: Fields;
  querystring?: Fields;
}

/** A row for each HTTP route that `register` adds, with the required role. */
export const routeTable = async (
  register: (app: FastifyInstance) => Promise<void>,
  whoMay: (route: RouteOptions) => string,
): Promise<string> => {
  const app = fastify();
  app.setValidatorCompiler(validatorCompiler);
  app.setSerializerCompiler(serializerCompiler);
  const routes: RouteOptions[] = [];
  app.addHook("onRoute", (route) => void routes.push(route));
  await register(app);
  await app.close();
  const rows = routes
    .filter(({ method }) => method !== "HEAD")
    .map((route) => {
      const { summary = "", body, querystring } = (route.schema ?? {}) as Described;
      const fields = Object.keys(shapeOf(body ?? querystring)).map((field) => `\`${field}\``);
      return [`\`${route.method} ${route.url}\``, whoMay(route), fields.join(", "), summary];
    });
  return markdownTable(["route", "role", "body or query", "description"], rows);
};

const shapeOf = (fields: Fields | undefined): Record<string, unknown> =>
  fields?.shape ?? fields?.unwrap?.().shape ?? {};
