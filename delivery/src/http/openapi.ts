import { describeProblems, problemSchema } from "@earlybird-ops/platform";
import swagger from "@fastify/swagger";
import swaggerUi from "@fastify/swagger-ui";
import type { FastifyInstance } from "fastify";
import { jsonSchemaTransform } from "fastify-type-provider-zod";

/** The name of the security scheme. */
export const bearer = "bearer";

/**
 * Documents every route that is registered after it: OpenAPI at `/api/openapi.json`, as pages at `/api/docs`. The pages load
 * nothing from other servers.
 */
export const registerOpenApi = async (app: FastifyInstance, version: string): Promise<void> => {
  await app.register(swagger, {
    openapi: {
      openapi: "3.1.0",
      info: {
        title: "EarlyBird",
        version,
        description:
          "Deliveries before breakfast. Log in at /api/auth/login and send the token as Authorization: Bearer. " +
          "Errors are application/problem+json with code, detail and remedy.",
      },
      components: {
        schemas: { Problem: problemSchema },
        securitySchemes: { [bearer]: { type: "http", scheme: "bearer", bearerFormat: "JWT" } },
      },
    },
    transform: describeProblems(jsonSchemaTransform),
  });
  await app.register(swaggerUi, {
    routePrefix: "/api/docs",
    uiConfig: { persistAuthorization: false, docExpansion: "list" },
  });
  app.get("/api/openapi.json", { schema: { hide: true } }, async (_request, reply) =>
    reply.send(app.swagger()),
  );
};
