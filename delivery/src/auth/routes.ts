import type { FastifyRequest } from "fastify";
import type { FastifyPluginAsyncZod } from "fastify-type-provider-zod";
import { z } from "zod";
import { clientOf } from "../client.ts";
import type { ApiContext } from "../context.ts";
import { code, typedPassword } from "./credential-fields.ts";
import { demandCredentials } from "./credentials.ts";
import { loginOf } from "./guard.ts";
import { acceptance, acceptInvitation } from "./invitation.ts";
import { findLoginByEmail, type Login, loginView, requireLink } from "./login.ts";
import { countStranger, createLoginAttempts } from "./login-attempts.ts";
import { passwordRoutes } from "./password-routes.ts";
import { wrongLogin } from "./refusals.ts";
import { register, registration } from "./register.ts";
import { sessionRoutes } from "./sessions/routes.ts";
import { beginSession } from "./sessions/session.ts";
import { tokenResponse, tokenView } from "./token-response.ts";
import { totpRoutes } from "./totp/routes.ts";

const credentials = z.strictObject({
  // Not validated: a malformed address is treated like an unknown one.
  email: z.string().trim().toLowerCase().min(1).max(254),
  password: typedPassword,
  totp: code.optional().describe("the code of the second factor, if it is set up"),
});

export const authRoutes: FastifyPluginAsyncZod<ApiContext> = async (app, context) => {
  const { db, clock } = context;
  const attempts = createLoginAttempts(context);
  const tokenFor = async (user: Login, request: FastifyRequest) =>
    tokenResponse(app, clock, user, await beginSession(context, user.id, clientOf(request)));

  app.post(
    "/login",
    {
      config: {
        loginFor: ({ body }) => (body as z.infer<typeof credentials> | undefined)?.email,
        problems: [401, 403],
      },
      schema: { tags: ["auth"], summary: "Log in", body: credentials, response: { 200: tokenView } },
    },
    (request) =>
      attempts.admit(async () => {
        const { email, password, totp } = request.body;
        const user = await findLoginByEmail(db, email);
        // Either format of a generated customer address is the same account.
        const account = user?.email ?? email;
        await demandCredentials(context, attempts.check, {
          user,
          account,
          address: request.ip,
          password,
          totp,
        });
        if (!user) throw wrongLogin();
        requireLink(user);
        return tokenFor(user, request);
      }),
  );

  app.post(
    "/register",
    {
      schema: {
        tags: ["auth"],
        summary: "Register as a customer",
        body: registration,
        response: { 201: z.object({ user: loginView }) },
      },
    },
    async ({ body, ip }, reply) => {
      await countStranger(context, "registration", ip);
      return reply.code(201).send({ user: await register(context, body) });
    },
  );

  app.post(
    "/accept-invitation",
    {
      config: { problems: [403] },
      schema: {
        tags: ["auth"],
        summary: "Accept the invitation to become an admin",
        body: acceptance,
        response: { 201: tokenView },
      },
    },
    async (request, reply) => {
      await countStranger(context, "invitation", request.ip);
      const login = await acceptInvitation(context, request.body, `http ${request.ip}`);
      return reply.code(201).send(await tokenFor(login, request));
    },
  );

  app.get(
    "/me",
    { schema: { tags: ["auth"], summary: "Get the current user", response: { 200: loginView } } },
    async (request) => loginOf(request),
  );

  const inner = { ...context, prefix: "" };
  await app.register(sessionRoutes, inner);
  await app.register(passwordRoutes, inner);
  await app.register(totpRoutes, inner);
};
