import type { FastifyRequest } from "fastify";
import type { FastifyPluginAsyncZod } from "fastify-type-provider-zod";
import { z } from "zod";
import { type MuteListener, muteEvent, muteTargets } from "../incidents/mute.ts";
import type { AlertManager } from "../manager.ts";
import type { ChannelTest } from "../notify/channel-test.ts";
import { channelTests, mute } from "./schemas.ts";

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

const target = z.enum(muteTargets).describe("a type of alerts, or ALL");
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
        summary: "Mute a type of alerts. Muted alerts are recorded, and sent if they still fire at the end.",
        body: z.strictObject({
          type: target,
          duration_seconds: z.int().describe("at most 30 days"),
          reason: z.string().trim().max(500).nullish().describe("needed for critical types and for ALL"),
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
      config: { problems: [404] },
      schema: {
        tags,
        summary: "End a mute now.",
        body: z.strictObject({ type: target }),
        response: { 200: mute },
      },
    },
    (request) => alerts.unmute({ ...request.body, author: by(request) }),
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
