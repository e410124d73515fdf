import type { FastifyPluginAsyncZod } from "fastify-type-provider-zod";
import { z } from "zod";
import type { ApiContext } from "../../context.ts";
import { demandPassword } from "../credentials.ts";
import { loginOf } from "../guard.ts";
import { code, typedPassword } from "../typed.ts";
import { confirmTotp, demandTotp, enrolTotp, removeTotp } from "./totp.ts";

const tags = ["auth"];

/** The second factor of one's own login. */
export const totpRoutes: FastifyPluginAsyncZod<ApiContext> = async (app, context) => {
  app.post(
    "/totp/enrol",
    {
      schema: {
        tags,
        summary: "Begin to set up a second factor (TOTP, RFC 6238)",
        body: z.strictObject({ password: typedPassword }),
        response: {
          200: z.object({ secret: z.string().describe("base32"), uri: z.string().describe("for a QR code") }),
        },
      },
    },
    async (request) => {
      const login = loginOf(request);
      await demandPassword(context, request, request.body.password);
      return enrolTotp(context, login);
    },
  );

  app.post(
    "/totp/confirm",
    {
      schema: {
        tags,
        summary: "End the set-up with a first code; answers the recovery codes, once",
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
        summary: "Take the second factor away",
        body: z.strictObject({ password: typedPassword, code }),
        response: { 200: z.object({ removed: z.literal(true) }) },
      },
    },
    async (request) => {
      const { id, hasTotp } = loginOf(request);
      await demandPassword(context, request, request.body.password);
      if (hasTotp) await demandTotp(context, id, request.body.code);
      await removeTotp(context, id);
      return { removed: true as const };
    },
  );
};
