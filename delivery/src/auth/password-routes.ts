import type { FastifyPluginAsyncZod } from "fastify-type-provider-zod";
import { z } from "zod";
import type { ApiContext } from "../context.ts";
import { email, newPassword } from "../fields.ts";
import { code, typedPassword } from "./credential-fields.ts";
import { demandOwnCredentials, reauthenticate } from "./credentials.ts";
import { loginOf } from "./guard.ts";
import { countStranger } from "./login-attempts.ts";
import { confirmReset, requestReset } from "./reset/reset.ts";
import { endSessions } from "./sessions/session.ts";
import { hashNewPassword } from "./weak-passwords.ts";

const tags = ["auth"];

/** Changing, resetting and confirming one's password. */
export const passwordRoutes: FastifyPluginAsyncZod<ApiContext> = async (app, context) => {
  const { changes, clock } = context;

  app.post(
    "/password",
    {
      schema: {
        tags,
        summary: "Change your password; ends your other sessions",
        body: z.strictObject({ current_password: typedPassword, new_password: newPassword }),
        response: { 200: z.object({ ended: z.int().describe("number of sessions ended") }) },
      },
    },
    async (request) => {
      const { session, email, name } = loginOf(request);
      await demandOwnCredentials(context, request, {
        password: request.body.current_password,
        secondFactor: false,
      });
      const password_hash = await hashNewPassword(request.body.new_password, { email, name });
      const ended = await changes.transaction(async (tx) => {
        // By the session: the id can have been rewritten (step 29) since the request arrived.
        const { user_id } = await tx
          .selectFrom("sessions")
          .select("user_id")
          .where("id", "=", session.id)
          .executeTakeFirstOrThrow();
        await tx.updateTable("users").set({ password_hash }).where("id", "=", user_id).execute();
        await tx.deleteFrom("password_resets").where("user_id", "=", user_id).execute();
        return endSessions(tx, clock.now(), { userId: user_id, except: session.id });
      });
      return { ended };
    },
  );

  app.post(
    "/reauthenticate",
    {
      schema: {
        tags,
        summary: "Reauthenticate, as critical steps require",
        body: z.strictObject({ password: typedPassword, totp: code.optional() }),
        response: { 200: z.object({ authenticated_at: z.date() }) },
      },
    },
    async (request) => ({ authenticated_at: await reauthenticate(context, request, request.body) }),
  );

  app.post(
    "/password-reset",
    {
      schema: {
        tags,
        summary: "Request a password reset by email",
        body: z.strictObject({ email }),
        response: {
          202: z.object({ status: z.literal("if this address has a login, a code is on its way") }),
        },
      },
    },
    async (request, reply) => {
      await countStranger(context, "reset", request.ip);
      // Not awaited: the response time must not reveal which addresses have a login.
      requestReset(context, request.body.email).catch((err: unknown) =>
        request.log.error({ err }, "a password reset could not be prepared"),
      );
      return reply.code(202).send({ status: "if this address has a login, a code is on its way" });
    },
  );

  app.post(
    "/password-reset/confirm",
    {
      config: { problems: [403] },
      schema: {
        tags,
        summary: "Set a new password with an emailed code; ends all sessions",
        body: z.strictObject({ token: z.string().trim().min(1).max(100), new_password: newPassword }),
        response: { 200: z.object({ changed: z.literal(true) }) },
      },
    },
    async (request) => {
      const { token, new_password: password } = request.body;
      await confirmReset(context, { token, password });
      return { changed: true as const };
    },
  );
};
