import type { FastifyPluginAsyncZod } from "fastify-type-provider-zod";
import { z } from "zod";
import { commandRelease } from "../release/command.ts";
import { type CommandName, commandNameSchema } from "../release/state.ts";
import { type ReleaseRoutesOptions, releaseParams } from "./options.ts";

const summaries: Record<CommandName, string> = {
  hold: "Stop a release before its next state. Triggers that revert still count.",
  advance: "Continue a release that is held.",
  revert: "Take a release back, in reverse order, also after it is completed.",
  accept: "Accept a release in its validation.",
  ack: "Say that you are on call for a release. Needs no reason.",
};

/** What admins may tell a release. */
export const commandRoutes: FastifyPluginAsyncZod<ReleaseRoutesOptions> = async (
  app,
  { dataDir, clock, admin },
) => {
  for (const command of commandNameSchema.options)
    app.post(
      `/api/releases/:id/${command}`,
      {
        onRequest: async (request) => void (await admin(request)),
        schema: {
          tags: ["releases"],
          summary: summaries[command],
          description:
            "The conductor obeys within a second. `conducted` is false if none runs: `earlybird release resume` starts one.",
          params: releaseParams,
          body: z.strictObject({ reason: z.string().trim().max(1_000).optional() }).nullish(),
          response: {
            202: z.object({ release: z.string(), command: commandNameSchema, conducted: z.boolean() }),
          },
        },
      },
      async (request, reply) => {
        const { name: by } = await admin(request);
        const reason = request.body?.reason;
        const sent = await commandRelease(dataDir, { id: request.params.id, command, by, reason }, clock);
        return reply.status(202).send(sent);
      },
    );
};
