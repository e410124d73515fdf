import type { FastifyPluginAsyncZod } from "fastify-type-provider-zod";
import { z } from "zod";
import { customerFor, isCustomer, ownCustomer } from "../auth/index.ts";
import type { ApiContext } from "../context.ts";
import { calendarDate, id } from "../fields.ts";
import { listRoute } from "../list-route.ts";
import { given } from "../paging.ts";
import { editSubscription, subscriptionEdit } from "./edit.ts";
import { newSubscription, subscribe } from "./subscribe.ts";
import {
  subscriptionColumns,
  subscriptionNotFound,
  subscriptionStatuses,
  subscriptionView,
} from "./subscription.ts";
import { changeSubscription } from "./transitions.ts";

const params = z.strictObject({ id });

/** Fastify represents an absent body as null. */
const pauseBody = z.strictObject({ until: calendarDate.optional() }).nullable();

export const subscriptionRoutes: FastifyPluginAsyncZod<ApiContext> = async (app, context) => {
  const { db, changes } = context;
  const tags = ["subscriptions"];

  listRoute(app, {
    tags,
    summary: "List subscriptions",
    item: subscriptionView,
    filters: {
      customer_id: id.optional(),
      product_id: id.optional(),
      status: z.enum(subscriptionStatuses).optional(),
    },
    sort: { id },
    fetch: (filters, { after, take }, request) =>
      db
        .selectFrom("subscriptions")
        .select(subscriptionColumns)
        .where((eb) => eb.and(filters))
        .where((eb) => eb.and(given({ customer_id: ownCustomer(request, changes.active) })))
        .$if(after !== undefined, (query) => query.where("id", ">", after?.id ?? ""))
        .orderBy("id")
        .limit(take)
        .execute(),
  });

  app.get(
    "/:id",
    { schema: { tags, summary: "Get a subscription", params, response: { 200: subscriptionView } } },
    async (request) => {
      const own = ownCustomer(request, changes.active);
      const subscription = await db
        .selectFrom("subscriptions")
        .select(subscriptionColumns)
        .where("id", "=", request.params.id)
        .$if(own !== undefined, (query) => query.where("customer_id", "=", own ?? ""))
        .executeTakeFirst();
      if (!subscription) throw subscriptionNotFound({ id: request.params.id });
      return subscription;
    },
  );

  app.post(
    "",
    { schema: { tags, summary: "Subscribe", body: newSubscription, response: { 201: subscriptionView } } },
    async (request, reply) => {
      const subscription = await subscribe(context, {
        ...request.body,
        customer_id: customerFor(request, changes.active, request.body.customer_id),
        byCustomer: isCustomer(request),
      });
      return reply.code(201).send(subscription);
    },
  );

  app.patch(
    "/:id",
    {
      schema: {
        tags,
        summary: "Change a subscription from the first day without orders",
        params,
        body: subscriptionEdit,
        response: { 200: subscriptionView },
      },
    },
    async (request) =>
      editSubscription(context, {
        id: request.params.id,
        edit: request.body,
        ownCustomer: ownCustomer(request, changes.active),
      }),
  );

  app.post(
    "/:id/pause",
    {
      schema: {
        tags,
        summary: "Pause through a day, or until resumed",
        params,
        body: pauseBody,
        response: { 200: subscriptionView },
      },
    },
    async (request) =>
      changeSubscription(context, {
        id: request.params.id,
        action: "pause",
        until: request.body?.until,
        ownCustomer: ownCustomer(request, changes.active),
      }),
  );

  for (const action of ["resume", "cancel"] as const) {
    app.post(
      `/:id/${action}`,
      {
        schema: {
          tags,
          summary: action === "resume" ? "Resume" : "Cancel permanently",
          params,
          response: { 200: subscriptionView },
        },
      },
      async (request) =>
        changeSubscription(context, {
          id: request.params.id,
          action,
          ownCustomer: ownCustomer(request, changes.active),
        }),
    );
  }
};
