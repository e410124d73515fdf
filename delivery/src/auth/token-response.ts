import type { Clock } from "earlybird";
import type { FastifyInstance } from "fastify";
import { z } from "zod";
import { type Login, loginView } from "./login.ts";
import { type BegunSession, refreshLifetimeSeconds } from "./sessions/session.ts";
import { issueToken, tokenLifetimeSeconds } from "./tokens.ts";

/** What a login answers. */
export const tokenView = z.object({
  access_token: z.string(),
  token_type: z.literal("Bearer"),
  expires_in: z.int().describe("seconds"),
  refresh_token: z.string().describe("for POST /api/auth/refresh, once"),
  refresh_expires_in: z.int().describe("seconds, unless it is used before"),
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
