import { answerFrameworkError, type Logger, problems } from "earlybird";
import { isDatabaseUnavailable } from "earlybird/database";
import fastify, { type FastifyBaseLogger, type FastifyInstance } from "fastify";
import { serializerCompiler, validatorCompiler } from "fastify-type-provider-zod";
import { authRoutes, guardRoutes } from "./auth/index.ts";
import type { ApiContext } from "./context.ts";
import { customerRoutes } from "./customers/index.ts";
import { deliveryRoutes } from "./deliveries/index.ts";
import { registerConsole } from "./http/console.ts";
import { acceptEmptyJson } from "./http/json-body.ts";
import { registerOpenApi } from "./http/openapi.ts";
import { registerProtection } from "./http/protection.ts";
import { orderRoutes } from "./orders/index.ts";

/** What the server is built from. */
export interface ServerContext extends ApiContext {
  log: Logger;
  version: string;
  /** Where the built console lies; left out or absent, there is only the API. */
  consoleDir?: string;
}

/** Builds the whole server and does not listen: `main.ts` does, tests inject. */
export const buildServer = async (context: ServerContext): Promise<FastifyInstance> => {
  const app: FastifyInstance = fastify({
    loggerInstance: context.log as FastifyBaseLogger,
    disableRequestLogging: true,
    bodyLimit: 256 * 1_024,
    routerOptions: { maxParamLength: 500 },
    frameworkErrors: answerFrameworkError,
  });
  app.setValidatorCompiler(validatorCompiler);
  app.setSerializerCompiler(serializerCompiler);
  app.decorateRequest("login", null);
  acceptEmptyJson(app);
  await app.register(problems, { isDatabaseUnavailable });
  await registerProtection(app, context.jwtSecret);
  await registerOpenApi(app, context.version);
  await app.register(async (api) => {
    guardRoutes(api, context);
    await api.register(authRoutes, { ...context, prefix: "/api/auth" });
    await api.register(customerRoutes, { ...context, prefix: "/api/customers" });
    await api.register(orderRoutes, { ...context, prefix: "/api/orders" });
    await api.register(deliveryRoutes, { ...context, prefix: "/api/deliveries" });
  });
  await registerConsole(app, context.consoleDir);
  return app;
};
