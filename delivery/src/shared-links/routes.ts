import type { FastifyPluginAsyncZod } from "fastify-type-provider-zod";
import { z } from "zod";
import { customerFor } from "../auth/index.ts";
import { clientOf } from "../client.ts";
import type { ApiContext } from "../context.ts";
import { alertingFailedConfirmation, recordingRefusals } from "../deliveries/index.ts";
import { calendarDate, id, name, note } from "../fields.ts";
import { tokenHash } from "../token-hash.ts";
import { confirmByLink } from "./confirm.ts";
import { createLink, findLink, linkNotFound } from "./link.ts";
import { linkContents, readLinkContents } from "./link-contents.ts";

const params = z.strictObject({ token: z.string().min(1).max(100) });
const tags = ["shared links"];

export const sharedLinkRoutes: FastifyPluginAsyncZod<ApiContext> = async (app, context) => {
  const { db, changes, clock } = context;

  app.post(
    "",
    {
      schema: {
        tags,
        summary: "Create a link that confirms a delivery without a login",
        body: z.strictObject({
          customer_id: id.optional().describe("customers omit it: the link is for their own delivery"),
          delivery_date: calendarDate,
        }),
        response: {
          201: z.object({
            token: z.string().describe("returned once"),
            path: z.string(),
            expires_at: z.date(),
          }),
        },
      },
    },
    async (request, reply) => {
      const { customer_id, delivery_date } = request.body;
      const customerId = customerFor(request, changes.active, customer_id);
      const { token, expires_at } = await createLink(context, { customerId, date: delivery_date });
      return reply.code(201).send({ token, path: `/api/shared-links/${token}`, expires_at });
    },
  );

  app.get(
    "/:token",
    {
      config: { problems: [410] },
      schema: {
        tags,
        summary: "Get the contents of a delivery",
        params,
        response: { 200: linkContents.extend({ expires_at: z.date() }) },
      },
    },
    async (request) => {
      const { token } = request.params;
      const { expires_at } = await findLink(db, token, clock.now());
      const contents = await readLinkContents(db, tokenHash(token));
      if (!contents) throw linkNotFound();
      return { ...contents, expires_at };
    },
  );

  app.post(
    "/:token/confirm",
    {
      config: { problems: [410] },
      schema: {
        tags,
        summary: "Confirm that everything arrived; works once",
        params,
        body: z.strictObject({ name: name.optional(), notes: note.optional() }).nullable(),
        response: { 200: z.object({ confirmed: z.int() }) },
      },
    },
    async (request) => {
      const witness = { name: request.body?.name, notes: request.body?.notes, ...clientOf(request) };
      // Without the token: a reader of the alert could use it to confirm.
      const confirmed = await alertingFailedConfirmation(context, { by: "shared link" }, () =>
        recordingRefusals(context, request.log, () => confirmByLink(context, request.params.token, witness)),
      );
      return { confirmed };
    },
  );
};
