import type { FastifyPluginAsyncZod } from "fastify-type-provider-zod";
import { sql } from "kysely";
import { z } from "zod";
import { customerFor, isCustomer, loginOf, ownCustomer } from "../auth/index.ts";
import type { ApiContext } from "../context.ts";
import { orderStatuses } from "../database.ts";
import { calendarDate, id } from "../fields.ts";
import { listRoute } from "../list-route.ts";
import { given } from "../paging.ts";
import { cancelOrder } from "./cancel.ts";
import { generateOrders } from "./generate.ts";
import { orderColumns, orderNotFound, orderView } from "./order.ts";
import { newOrder, placeOrder } from "./place.ts";

export const orderRoutes: FastifyPluginAsyncZod<ApiContext> = async (app, context) => {
  const { db, changes } = context;

  listRoute(app, {
    tags: ["orders"],
    summary: "List orders, newest delivery date first",
    item: orderView,
    filters: {
      customer_id: id.optional(),
      status: z.enum(orderStatuses).optional(),
      kind: z.enum(["one_time", "subscription"]).optional(),
      delivery_date: calendarDate.optional(),
    },
    sort: { delivery_date: calendarDate, id },
    fetch: (filters, { after, take }, request) =>
      db
        .selectFrom("orders")
        .select(orderColumns)
        .where((eb) => eb.and(filters))
        .where((eb) => eb.and(given({ customer_id: ownCustomer(request, changes.active) })))
        .$if(after !== undefined, (query) =>
          query.where(sql<boolean>`(delivery_date, id) < (${after?.delivery_date}::date, ${after?.id})`),
        )
        .orderBy("delivery_date", "desc")
        .orderBy("id", "desc")
        .limit(take)
        .execute(),
  });

  app.get(
    "/:id",
    {
      schema: {
        tags: ["orders"],
        summary: "Get an order",
        params: z.strictObject({ id }),
        response: { 200: orderView },
      },
    },
    async (request) => {
      const own = ownCustomer(request, changes.active);
      const order = await db
        .selectFrom("orders")
        .select(orderColumns)
        .where("id", "=", request.params.id)
        .$if(own !== undefined, (query) => query.where("customer_id", "=", own ?? ""))
        .executeTakeFirst();
      if (!order) throw orderNotFound({ id: request.params.id });
      return order;
    },
  );

  app.post(
    "",
    {
      schema: {
        tags: ["orders"],
        summary: "Place a one-time order",
        body: newOrder,
        response: { 201: orderView },
      },
    },
    async (request, reply) => {
      const order = await placeOrder(context, {
        ...request.body,
        customer_id: customerFor(request, changes.active, request.body.customer_id),
        placedBy: loginOf(request).id,
        byCustomer: isCustomer(request),
      });
      return reply.code(201).send(order);
    },
  );

  app.post(
    "/:id/cancel",
    {
      schema: {
        tags: ["orders"],
        summary: "Cancel an order that is not out for delivery",
        params: z.strictObject({ id }),
        response: { 200: orderView },
      },
    },
    async (request) =>
      cancelOrder(context, {
        id: request.params.id,
        ownCustomer: ownCustomer(request, changes.active),
        byCustomer: isCustomer(request),
      }),
  );

  app.post(
    "/generate",
    {
      schema: {
        tags: ["orders"],
        summary: "Generate the orders of a day from the subscriptions; idempotent",
        body: z.strictObject({ date: calendarDate }),
        response: { 200: z.object({ date: z.string(), created: z.int() }) },
      },
    },
    async (request) => {
      const { date } = request.body;
      return { date, created: await generateOrders(context, date) };
    },
  );
};
