import { type RollbackManager, rollbackRoutes } from "earlybird/rollback";
import fastify, { type RouteOptions } from "fastify";
import { serializerCompiler, validatorCompiler } from "fastify-type-provider-zod";
import { systemClock } from "../../ops/src/lib/clock.ts";
import { markdownTable } from "./marked-part.ts";

interface Described {
  summary?: string;
  body?: { shape: Record<string, unknown> };
  querystring?: { shape: Record<string, unknown> };
}

/** A row for each HTTP route about reversible changes, as the plugin registers them. */
export const rollbackRouteTable = async (): Promise<string> => {
  const app = fastify();
  app.setValidatorCompiler(validatorCompiler);
  app.setSerializerCompiler(serializerCompiler);
  const routes: RouteOptions[] = [];
  app.addHook("onRoute", (route) => void routes.push(route));
  const nobody = async () => ({ id: "", name: "" });
  await app.register(rollbackRoutes, {
    // No route is called, so none needs a manager that could answer.
    manager: {} as RollbackManager,
    clock: systemClock,
    operatorOnly: async () => undefined,
    admin: nobody,
    whoIs: nobody,
  });
  await app.close();
  const rows = routes
    .filter(({ method }) => method !== "HEAD")
    .map(({ method, url, schema }) => {
      const { summary = "", body, querystring } = (schema ?? {}) as Described;
      const fields = Object.keys((body ?? querystring)?.shape ?? {}).map((field) => `\`${field}\``);
      return [`\`${method} ${url}\``, method === "GET" ? "operator" : "admin", fields.join(", "), summary];
    });
  return markdownTable(["route", "who", "body or query", "what"], rows);
};
