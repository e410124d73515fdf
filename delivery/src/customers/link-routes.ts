import type { FastifyPluginAsyncZod } from "fastify-type-provider-zod";
import { z } from "zod";
import { requesterOf } from "../auth/index.ts";
import type { ApiContext } from "../context.ts";
import { id } from "../fields.ts";
import { customerView } from "./customer.ts";
import { linkCustomer, unlinkCustomer } from "./link.ts";

const params = z.strictObject({ id });
const response = { 200: customerView };
const tags = ["customers"];

/** With which staff says whose login it is. */
export const linkRoutes: FastifyPluginAsyncZod<ApiContext> = async (app, context) => {
  app.post(
    "/:id/link",
    {
      schema: {
        tags,
        summary: "Link a customer and their login",
        params,
        body: z.strictObject({ user_id: id }),
        response,
      },
    },
    (request) => {
      const { params, body } = request;
      return linkCustomer(context, { id: params.id, userId: body.user_id, by: requesterOf(request) });
    },
  );

  app.post(
    "/:id/unlink",
    { schema: { tags, summary: "Unlink a customer and their login", params, response } },
    (request) => unlinkCustomer(context, { id: request.params.id, by: requesterOf(request) }),
  );
};
