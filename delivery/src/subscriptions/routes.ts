import type { FastifyPluginAsyncZod } from "fastify-type-provider-zod";
import { z } from "zod";
import { customerFor, isCustomer, ownCustomer } from "../auth/index.ts";
import type { ApiContext } from "../context.ts";
import { schedules } from "../database.ts";
import { calendarDate, id, quantity } from "../fields.ts";
import { given, pageOf, pageQuery, readPage } from "../paging.ts";
import { editSubscription } from "./edit.ts";
import { subscribe } from "./subscribe.ts";
import {
  subscriptionColumns,
  subscriptionNotFound,
  subscriptionStatuses,
  subscriptionView,
} from "./subscription.ts";
import { changeSubscription } from "./transitions.ts";

const params = z.strictObject({ id });

const listQuery = z.strictObject({
  ...pageQuery,
  customer_id: id.optional(),
  product_id: id.optional(),
  status: z.enum(subscriptionStatuses).optional(),
});

const newSubscription = z.strictObject({
  customer_id: id.optional().describe("left out by a customer, who subscribes for themselves"),
  product_id: id,
  quantity,
  schedule: z
    .enum(schedules)
    .describe("alternate: every second day from starts_on; weekdays: Monday to Friday"),
  starts_on: calendarDate.optional().describe("tomorrow when left out"),
  ends_on: calendarDate.optional(),
});

const subscriptionEdit = z
  .strictObject({ quantity, schedule: z.enum(schedules), product_id: id, ends_on: calendarDate.nullable() })
  .partial()
  .refine((body) => Object.keys(body).length > 0, "must change something");

/** Null is how Fastify shows an absent body. */
const pauseBody = z.strictObject({ until: calendarDate.optional() }).nullable();

export const subscriptionRoutes: FastifyPluginAsyncZod<ApiContext> = async (app, context) => {
  const { db, changes } = context;
  const tags = ["subscriptions"];

  app.get(
    "",
    {
      schema: {
        tags,
        summary: "List subscriptions",
        querystring: listQuery,
        response: { 200: pageOf(subscriptionView) },
      },
    },
    async (request) => {
      const { limit, cursor, ...filters } = request.query;
      const own = ownCustomer(request, changes.active);
      return readPage(
        { limit, cursor },
        {
          position: id,
          positionOf: (subscription) => subscription.id,
          fetch: (after, take) =>
            db
              .selectFrom("subscriptions")
              .select(subscriptionColumns)
              .where((eb) => eb.and(given(filters)))
              .$if(own !== undefined, (query) => query.where("customer_id", "=", own ?? ""))
              .$if(after !== undefined, (query) => query.where("id", ">", after ?? ""))
              .orderBy("id")
              .limit(take)
              .execute(),
        },
      );
    },
  );

  app.get(
    "/:id",
    { schema: { tags, summary: "One subscription", params, response: { 200: subscriptionView } } },
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
      const { customer_id, product_id, quantity, schedule, starts_on, ends_on } = request.body;
      const subscription = await subscribe(context, {
        customerId: customerFor(request, changes.active, customer_id),
        byCustomer: isCustomer(request),
        productId: product_id,
        quantity,
        schedule,
        startsOn: starts_on,
        endsOn: ends_on,
      });
      return reply.code(201).send(subscription);
    },
  );

  app.patch(
    "/:id",
    {
      schema: {
        tags,
        summary: "Change a subscription, from the first day on that has no orders yet",
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
        summary: "Pause, up to and including a day or until resumed",
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
          summary: action === "resume" ? "Resume" : "Cancel for good",
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
