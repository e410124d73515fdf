import type { Clock } from "@earlybird-ops/platform";
import type { FastifyInstance } from "fastify";
import { z } from "zod";
import { type Login, loginView } from "./login.ts";
import { type BegunSession, refreshLifetimeSeconds } from "./sessions/session.ts";
import { issueToken, tokenLifetimeSeconds } from "./tokens.ts";

/** The response to a login. */
export const tokenView = z.object({
  access_token: z.string(),
  token_type: z.literal("Bearer"),
  expires_in: z.int().describe("seconds"),
  refresh_token: z.string().describe("for POST /api/auth/refresh; works once"),
  refresh_expires_in: z.int().describe("seconds"),
  user: loginView,
});

export const tokenResponse = (
  app: FastifyInstance,
  clock: Clock,
  user: Login,
  { id, refreshToken }: BegunSession,
): z.infer<typeof tokenView> => ({
  access_token: issueToken(app, clock, id),
  token_type: "Bearer",
  expires_in: tokenLifetimeSeconds,
  refresh_token: refreshToken,
  refresh_expires_in: refreshLifetimeSeconds,
  user,
});
