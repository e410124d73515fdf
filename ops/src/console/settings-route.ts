import type { onRequestAsyncHookHandler } from "fastify";
import type { FastifyPluginAsyncZod } from "fastify-type-provider-zod";
import { z } from "zod";
import { platformVersion } from "../core/platform-version.ts";

const setting = z.object({
  name: z.string(),
  description: z.string(),
  default: z.string().nullable().describe("Null if there is none."),
  value: z.string().nullable().describe("Null if the setting is not set, and always for secrets."),
  is_secret: z.boolean(),
  is_set: z.boolean(),
});

export interface SettingsRouteOptions {
  /** Without the values of secrets. */
  settings: readonly z.infer<typeof setting>[];
  operatorOnly: onRequestAsyncHookHandler;
}

/** `GET /api/console/settings`: the settings and versions that the service runs with. */
export const settingsRoute: FastifyPluginAsyncZod<SettingsRouteOptions> = async (
  app,
  { settings, operatorOnly },
) => {
  app.get(
    "/api/console/settings",
    {
      onRequest: operatorOnly,
      schema: {
        tags: ["console"],
        summary: "List the settings of the service, without the values of secrets, and versions.",
        response: {
          200: z.object({
            settings: z.array(setting).describe("Empty if the service does not report them."),
            versions: z.object({
              platform: z.string().describe("The package that serves the console."),
              node: z.string(),
            }),
          }),
        },
      },
    },
    async () => ({
      settings: [...settings],
      versions: { platform: platformVersion, node: process.versions.node },
    }),
  );
};
