import type { FastifyReply, FastifyRequest } from "fastify";
import type { FastifyPluginAsyncZod } from "fastify-type-provider-zod";
import { z } from "zod";
import type { Clock } from "../core/clock.ts";
import { defineFailure, Failure } from "../core/failure.ts";
import type { Authorize, Operator } from "../http/authorization.ts";
import { type ConsoleCredentials, readCredentials, writeCredentials } from "./cookie-login.ts";
import type { ConsoleOptions } from "./options.ts";
import type { Sealer } from "./seal.ts";

/** The code of the refusal of a user who is logged in to the service, but is no operator: no attack. */
export const notForConsole = "EB_CONSOLE_FORBIDDEN";

const notAnOperator = defineFailure({
  code: "EB_CONSOLE_FORBIDDEN",
  status: 403,
  detail: "The console is for operators and admins.",
  remedy: "Log in with another user, or ask an admin for the role.",
});

const noLogin = defineFailure({
  code: "EB_CONSOLE_LOGIN",
  status: 401,
  detail: "The request has no authorization header.",
  remedy: "Log in to the service, and send its authorization header.",
});

const notRenewed = defineFailure({
  code: "EB_CONSOLE_SESSION_ENDED",
  status: 401,
  detail: "The session has ended and cannot be renewed.",
  remedy: "Log in again.",
});

const unit = z.object({ style: z.literal("currency"), currency: z.string(), divideBy: z.number() });

const sessionView = z.object({
  user: z.object({ id: z.string(), name: z.string() }),
  role: z.enum(["operator", "admin"]),
  can: z
    .object({ move: z.boolean(), mute: z.boolean(), test_channels: z.boolean() })
    .describe("What the role permits. The console disables the other actions and does not try them."),
  expires_at: z.string().nullable().describe("ISO 8601; null if the login does not expire"),
  renewable: z.boolean().describe("whether the session can be renewed before it ends"),
  server_time: z.string().describe("ISO 8601"),
  time_zone: z.string(),
  locale: z.string(),
  title: z.string(),
  version: z.string(),
  features: z.object({ rollback: z.boolean(), fleet: z.boolean(), releases: z.boolean() }),
  units: z.record(z.string(), unit),
});

const loginView = z.object({
  title: z.string(),
  login: z.discriminatedUnion("kind", [
    z.object({ kind: z.literal("password"), url: z.string() }),
    z.object({ kind: z.literal("token") }),
    z.object({ kind: z.literal("ambient"), href: z.string() }),
  ]),
});

export interface SessionRoutesOptions {
  console: ConsoleOptions;
  sealer: Sealer;
  authorize: Authorize;
  clock: Clock;
  version: string;
  features: { rollback: boolean; fleet: boolean; releases: boolean };
}

/** The login of the console: the host's credential becomes a sealed cookie. */
export const sessionRoutes: FastifyPluginAsyncZod<SessionRoutesOptions> = async (app, options) => {
  const { console, sealer, authorize, clock, version, features } = options;
  const { timeZone = Intl.DateTimeFormat().resolvedOptions().timeZone, locale = "en-GB" } = console;
  const { title = "EarlyBird", units = {}, login } = console;

  const roleOf = (request: FastifyRequest): Promise<"operator" | "admin"> =>
    authorize(request, "admin").then(
      () => "admin",
      () => "operator",
    );

  const canRenew = (given: ConsoleCredentials | undefined): boolean =>
    login.kind === "password" && login.refreshUrl !== undefined && given?.refreshToken !== undefined;

  const view = async (request: FastifyRequest, user: Operator, given: ConsoleCredentials | undefined) => {
    const role = await roleOf(request);
    const can = { move: role === "admin", mute: true, test_channels: true };
    return {
      user: { id: user.id, name: user.name },
      role,
      can,
      expires_at: given?.expiresAt === undefined ? null : new Date(given.expiresAt).toISOString(),
      renewable: canRenew(given),
      server_time: clock.now().toISOString(),
      time_zone: timeZone,
      locale,
      title,
      version,
      features,
      units: { ...units },
    };
  };

  const begin = async (request: FastifyRequest, reply: FastifyReply, credentials: ConsoleCredentials) => {
    request.headers.authorization = credentials.authorization;
    const user = await authorize(request, "operator").catch((error: unknown) => {
      throw error instanceof Failure && error.status === 403 ? notAnOperator() : error;
    });
    writeCredentials(request, reply, sealer, credentials);
    return view(request, user, credentials);
  };

  app.get(
    "/api/console/login",
    {
      schema: {
        tags: ["console"],
        summary: "How to log in to the console.",
        security: [],
        response: { 200: loginView },
      },
    },
    async () => ({ title, login }),
  );

  app.get(
    "/api/console/session",
    {
      config: { problems: [401, 403] },
      schema: {
        tags: ["console"],
        summary: "The user of the console, and what they may do; null without a login.",
        security: [],
        response: { 200: sessionView.nullable() },
      },
    },
    async (request, reply) => {
      const credentials = readCredentials(request, sealer);
      // Every visit of the login page sends this request, so it is not a failed attempt.
      if (request.headers.authorization === undefined && login.kind !== "ambient") return null;
      const user = await authorize(request, "operator").catch((error: unknown) => {
        if (!(error instanceof Failure) || error.status !== 401) throw error;
        if (login.kind === "ambient") return null;
        // The browser would send the login that has ended with every further visit.
        if (credentials !== undefined) writeCredentials(request, reply, sealer, undefined);
        throw error;
      });
      return user && view(request, user, credentials);
    },
  );

  app.post(
    "/api/console/session",
    {
      schema: {
        tags: ["console"],
        summary: "Begin a session with the authorization header of the service.",
        description: "Sets an encrypted cookie that stands for the header in requests of the console.",
        body: z
          .strictObject({
            refresh_token: z.string().max(4_096).optional(),
            expires_in: z.number().positive().optional().describe("seconds"),
          })
          .nullish(),
        response: { 200: sessionView },
      },
    },
    async (request, reply) => {
      const { authorization } = request.headers;
      if (authorization === undefined) throw noLogin();
      const { refresh_token, expires_in } = request.body ?? {};
      return begin(request, reply, {
        authorization,
        ...(refresh_token !== undefined && { refreshToken: refresh_token }),
        ...(expires_in !== undefined && { expiresAt: clock.now().getTime() + expires_in * 1_000 }),
      });
    },
  );

  app.post(
    "/api/console/session/renew",
    {
      config: { problems: [401] },
      schema: {
        tags: ["console"],
        summary: "Renew the session before it ends.",
        security: [],
        response: { 200: sessionView },
      },
    },
    async (request, reply) => {
      const refreshToken = readCredentials(request, sealer)?.refreshToken;
      if (login.kind !== "password" || login.refreshUrl === undefined || refreshToken === undefined)
        throw notRenewed();
      const renewed = await app.inject({
        method: "POST",
        url: login.refreshUrl,
        remoteAddress: request.ip,
        payload: { refresh_token: refreshToken },
      });
      if (renewed.statusCode !== 200) {
        writeCredentials(request, reply, sealer, undefined);
        throw notRenewed();
      }
      const { access_token, refresh_token, expires_in } = renewed.json();
      return begin(request, reply, {
        authorization: `Bearer ${access_token}`,
        refreshToken: refresh_token,
        expiresAt: clock.now().getTime() + expires_in * 1_000,
      });
    },
  );

  app.delete(
    "/api/console/session",
    {
      schema: {
        tags: ["console"],
        summary: "Log out of the console.",
        security: [],
        response: { 204: z.undefined() },
      },
    },
    async (request, reply) => {
      const credentials = readCredentials(request, sealer);
      if (login.kind === "password" && login.logoutUrl !== undefined && credentials !== undefined) {
        const { authorization } = credentials;
        const ended = await app.inject({ method: "POST", url: login.logoutUrl, headers: { authorization } });
        if (ended.statusCode >= 400) request.log.warn({ status: ended.statusCode }, "a login was not ended");
      }
      writeCredentials(request, reply, sealer, undefined);
      return reply.code(204).send();
    },
  );
};
