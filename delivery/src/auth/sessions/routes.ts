import { defineFailure } from "@earlybird-ops/platform";
import type { FastifyPluginAsyncZod } from "fastify-type-provider-zod";
import { z } from "zod";
import type { ApiContext } from "../../context.ts";
import { loginOf } from "../guard.ts";
import { findLogin } from "../login.ts";
import { tokenResponse, tokenView } from "../token-response.ts";
import { endSessions, refreshRefused, refreshSession } from "./session.ts";

const tags = ["auth"];

const sessionNotFound = defineFailure({
  code: "EB_SESSION_NOT_FOUND",
  status: 404,
  detail: "You have no active session {id}.",
  remedy: "GET /api/auth/sessions lists yours.",
});

const sessionView = z.object({
  id: z.string(),
  current: z.boolean().describe("whether this request uses it"),
  device: z.string().nullable(),
  ip_address: z.string(),
  created_at: z.date(),
  last_used_at: z.date(),
  expires_at: z.date(),
});

const nothing = z.strictObject({}).nullable();

const ended = z.object({ ended: z.int().describe("number of sessions ended") });

export const sessionRoutes: FastifyPluginAsyncZod<ApiContext> = async (app, context) => {
  const { db, changes, clock } = context;

  app.post(
    "/refresh",
    {
      config: { problems: [401] },
      schema: {
        tags,
        summary: "Exchange a refresh token for a new access token and a new refresh token",
        body: z.strictObject({ refresh_token: z.string().min(1).max(200) }),
        response: { 200: tokenView },
      },
    },
    async (request) => {
      const session = await refreshSession(context, request.body.refresh_token);
      if (session.reused) {
        request.log.warn(
          { session: session.id, address: request.ip },
          "a used refresh token came back: its session ended",
        );
        throw refreshRefused();
      }
      const login = await findLogin(db, session.id, clock.now());
      if (!login) throw refreshRefused();
      return tokenResponse(app, clock, login, session);
    },
  );

  app.get(
    "/sessions",
    {
      schema: {
        tags,
        summary: "List your active sessions",
        response: { 200: z.object({ items: z.array(sessionView) }) },
      },
    },
    async (request) => {
      const { id, session } = loginOf(request);
      const items = await db
        .selectFrom("sessions")
        .select(["id", "device", "ip_address", "created_at", "last_used_at", "expires_at"])
        .where("user_id", "=", id)
        .where("ended_at", "is", null)
        .where("expires_at", ">", clock.now())
        .orderBy("last_used_at", "desc")
        .limit(100)
        .execute();
      return { items: items.map((item) => ({ ...item, current: item.id === session.id })) };
    },
  );

  app.delete(
    "/sessions/:id",
    {
      schema: {
        tags,
        summary: "End one of your sessions",
        params: z.strictObject({ id: z.string().min(1).max(64) }),
        response: { 200: ended },
      },
    },
    async (request) => {
      const { id: only } = request.params;
      const count = await changes.transaction((tx) =>
        endSessions(tx, clock.now(), { userId: loginOf(request).id, only }),
      );
      if (count === 0) throw sessionNotFound({ id: only });
      return { ended: count };
    },
  );

  app.post(
    "/logout",
    { schema: { tags, summary: "End this session", body: nothing, response: { 200: ended } } },
    async (request) => {
      const { id: userId, session } = loginOf(request);
      return {
        ended: await changes.transaction((tx) => endSessions(tx, clock.now(), { userId, only: session.id })),
      };
    },
  );

  app.post(
    "/logout-everywhere",
    { schema: { tags, summary: "End all your sessions", body: nothing, response: { 200: ended } } },
    async (request) => ({
      ended: await changes.transaction((tx) => endSessions(tx, clock.now(), { userId: loginOf(request).id })),
    }),
  );
};
