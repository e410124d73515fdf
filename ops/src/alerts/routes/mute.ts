import type { FastifyRequest } from "fastify";
import type { FastifyPluginAsyncZod } from "fastify-type-provider-zod";
import { z } from "zod";
import { type MuteListener, muteEvent } from "../incidents/mute-event.ts";
import type { AlertManager } from "../manager.ts";
import type { ChannelTest } from "../notify/channel-test.ts";
import { channelTests, mute, reason, scope } from "./schemas.ts";

export interface MutingOptions {
  alerts: AlertManager;
  dispatcher: ChannelTester;
  /** The operator of a request. */
  by: (request: FastifyRequest) => string;
  onSecurityMute?: MuteListener | undefined;
}

/** Sends tests to the channels. */
export interface ChannelTester {
  test(channel?: string): Promise<ChannelTest[]>;
}

const tags = ["alerts"];

/** The write routes of alerts. Authorization happens before. */
export const mutingRoutes: FastifyPluginAsyncZod<MutingOptions> = async (
  app,
  { alerts, dispatcher, by, onSecurityMute },
) => {
  app.post(
    "/api/alerts/mute",
    {
      schema: {
        tags,
        summary:
          "Mute alerts by type, key or route. Muted alerts are recorded, and sent if they still fire at the end.",
        body: z.strictObject({
          ...scope,
          duration_seconds: z.int().describe("at most 30 days"),
          reason,
        }),
        response: { 200: mute },
      },
    },
    async (request) => {
      const operator = by(request);
      const muted = await alerts.mute({ ...request.body, author: operator });
      const event = muteEvent(muted, { operator, origin: `http ${request.ip}` });
      if (event) onSecurityMute?.(event);
      return muted;
    },
  );

  app.post(
    "/api/alerts/unmute",
    {
      config: { problems: [404, 409] },
      schema: {
        tags,
        summary: "End a mute now, named by its id, or by the type, key and route that it was made with.",
        body: z
          .strictObject({ id: z.string().max(64).optional(), ...scope, type: scope.type.optional() })
          .refine(({ id, ...scope }) => (id === undefined) !== (scope.type === undefined), {
            error: "Give either the id of a mute, or its type with key and route.",
          }),
        response: { 200: mute },
      },
    },
    (request) => {
      const { id, type = "ALL", ...scope } = request.body;
      const author = by(request);
      return alerts.unmute(id === undefined ? { type, ...scope, author } : { id, author });
    },
  );

  app.post(
    "/api/alerts/test",
    {
      config: { problems: [404] },
      schema: {
        tags,
        summary: "Send a test to the real channels, and wait for their answers.",
        body: z.strictObject({ channel: z.string().max(50).optional() }).nullable(),
        response: { 200: channelTests },
      },
    },
    async ({ body }) => ({ channels: await dispatcher.test(body?.channel) }),
  );
};
