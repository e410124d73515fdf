import type { FastifyPluginAsyncZod } from "fastify-type-provider-zod";
import { z } from "zod";
import { preflightReport } from "../preflight/run.ts";
import type { ReleaseRoutesOptions } from "./options.ts";
import { emergencyBody, preflightBody, requireStarter, startBody } from "./starter.ts";

const origin = "api";

/** Releases, preflights and emergencies that admins start. */
export const startRoutes: FastifyPluginAsyncZod<ReleaseRoutesOptions> = async (app, { starter, admin }) => {
  const tags = ["releases"];
  const adminOnly = {
    onRequest: async (request: Parameters<typeof admin>[0]) => void (await admin(request)),
  };

  app.post(
    "/api/releases",
    {
      ...adminOnly,
      schema: {
        tags,
        summary: "Plan and start a release. Its progress is in GET /api/releases/:id.",
        body: startBody,
        response: { 202: z.object({ id: z.string() }) },
      },
    },
    async (request, reply) => {
      const { name: by } = await admin(request);
      const { id } = await requireStarter(starter).start({ ...request.body, by, origin });
      return reply.code(202).header("location", `/api/releases/${id}`).send({ id });
    },
  );

  app.post(
    "/api/releases/preflight",
    {
      ...adminOnly,
      schema: {
        tags,
        summary: "Run the checks before a release, without starting one.",
        body: preflightBody,
        response: { 200: preflightReport },
      },
    },
    async (request) => {
      const { name: by } = await admin(request);
      return requireStarter(starter).preflight({ ...request.body, by });
    },
  );

  app.post(
    "/api/emergency",
    {
      ...adminOnly,
      schema: {
        tags,
        summary: "Move traffic to the last good version and take the newest release back at once.",
        body: emergencyBody,
        response: { 202: z.object({ release: z.string().describe("The release that is taken back.") }) },
      },
    },
    async (request, reply) => {
      const { name: by } = await admin(request);
      const { release } = await requireStarter(starter).emergency({ ...request.body, by, origin });
      return reply.code(202).header("location", `/api/releases/${release}`).send({ release });
    },
  );
};
