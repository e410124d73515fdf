import type { FastifyPluginAsyncZod } from "fastify-type-provider-zod";
import { z } from "zod";
import type { ApiContext } from "../../context.ts";
import { code, typedPassword } from "../credential-fields.ts";
import { demandOwnCredentials } from "../credentials.ts";
import { loginOf } from "../guard.ts";
import { confirmTotp, enrolTotp, removeTotp } from "./totp.ts";

const tags = ["auth"];

/** Routes that manage the second factor of the current login. */
export const totpRoutes: FastifyPluginAsyncZod<ApiContext> = async (app, context) => {
  app.post(
    "/totp/enrol",
    {
      schema: {
        tags,
        summary: "Start setting up a second factor (TOTP, RFC 6238)",
        body: z.strictObject({ password: typedPassword }),
        response: {
          200: z.object({ secret: z.string().describe("base32"), uri: z.string().describe("for a QR code") }),
        },
      },
    },
    async (request) => {
      const login = loginOf(request);
      const { password } = request.body;
      await demandOwnCredentials(context, request, { password, secondFactor: false });
      return enrolTotp(context, login);
    },
  );

  app.post(
    "/totp/confirm",
    {
      schema: {
        tags,
        summary: "Confirm the second factor with a first code; returns the recovery codes once",
        body: z.strictObject({ code }),
        response: { 200: z.object({ recovery_codes: z.array(z.string()) }) },
      },
    },
    async (request) => ({
      recovery_codes: await confirmTotp(context, loginOf(request).id, request.body.code),
    }),
  );

  app.post(
    "/totp/remove",
    {
      schema: {
        tags,
        summary: "Remove the second factor",
        body: z.strictObject({ password: typedPassword, code }),
        response: { 200: z.object({ removed: z.literal(true) }) },
      },
    },
    async (request) => {
      const { password, code: totp } = request.body;
      await demandOwnCredentials(context, request, { password, totp, secondFactor: true });
      await removeTotp(context, loginOf(request).id);
      return { removed: true as const };
    },
  );
};
