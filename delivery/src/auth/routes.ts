import { Failure } from "earlybird";
import type { FastifyPluginAsyncZod } from "fastify-type-provider-zod";
import { z } from "zod";
import type { ApiContext } from "../context.ts";
import { address, email, name, newPassword, phone } from "../fields.ts";
import { loginOf } from "./guard.ts";
import { acceptInvitation } from "./invitation.ts";
import { findLoginByEmail, type Login, loginView, requireLink } from "./login.ts";
import { countStranger, createLoginAttempts } from "./login-attempts.ts";
import { verifyPassword } from "./passwords.ts";
import { register } from "./register.ts";
import { issueToken, tokenLifetimeSeconds } from "./tokens.ts";

const wrongLogin = () =>
  new Failure(
    "EB_WRONG_LOGIN",
    401,
    "Email and password do not belong to an active login.",
    "Check both, or ask an admin whether the login is active.",
  );

const credentials = z.strictObject({
  // As typed: an address that is malformed is merely unknown, like any other.
  email: z.string().trim().toLowerCase().min(1).max(254),
  password: z.string().min(1).max(200),
});

const tokenView = z.object({
  access_token: z.string(),
  token_type: z.literal("Bearer"),
  expires_in: z.int().describe("seconds"),
  user: loginView,
});

export const authRoutes: FastifyPluginAsyncZod<ApiContext> = async (app, context) => {
  const { db, clock } = context;
  const attempts = createLoginAttempts(context);
  const tokenFor = (user: Login) => ({
    access_token: issueToken(app, clock, user.id),
    token_type: "Bearer" as const,
    expires_in: tokenLifetimeSeconds,
    user,
  });

  app.post(
    "/login",
    {
      config: { loginFor: ({ body }) => (body as z.infer<typeof credentials> | undefined)?.email },
      schema: { tags: ["auth"], summary: "Log in", body: credentials, response: { 200: tokenView } },
    },
    ({ body: { email, password }, ip }) =>
      attempts.admit(async () => {
        const user = await findLoginByEmail(db, email);
        // Each spelling of an address that was made for a customer is the same account.
        const right = await attempts.check({ account: user?.email ?? email, address: ip }, () =>
          verifyPassword(user?.password_hash, password),
        );
        if (!user || !right) throw wrongLogin();
        requireLink(user);
        return tokenFor(user);
      }),
  );

  app.post(
    "/register",
    {
      schema: {
        tags: ["auth"],
        summary: "Become a customer with a login",
        body: z.strictObject({ name, email, phone, password: newPassword, address, area: name }),
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
      schema: {
        tags: ["auth"],
        summary: "Become the first admin",
        body: z.strictObject({ token: z.string().min(1).max(200), email, name, password: newPassword }),
        response: { 201: tokenView },
      },
    },
    async ({ body, ip }, reply) => {
      await countStranger(context, "invitation", ip);
      return reply.code(201).send(tokenFor(await acceptInvitation(context, body)));
    },
  );

  app.get(
    "/me",
    { schema: { tags: ["auth"], summary: "Who I am", response: { 200: loginView } } },
    async (request) => loginOf(request),
  );
};
