import type { FastifyPluginAsyncZod } from "fastify-type-provider-zod";
import { sql } from "kysely";
import { z } from "zod";
import { customerFor, isCustomer, loginOf, ownCustomer } from "../auth/index.ts";
import type { ApiContext } from "../context.ts";
import { orderStatuses } from "../database.ts";
import { calendarDate, id, note, quantity } from "../fields.ts";
import { given, pageOf, pageQuery, readPage } from "../paging.ts";
import { cancelOrder } from "./cancel.ts";
import { generateOrders } from "./generate.ts";
import { orderColumns, orderNotFound, orderView } from "./order.ts";
import { placeOrder } from "./place.ts";

const listQuery = z.strictObject({
  ...pageQuery,
  customer_id: id.optional(),
  status: z.enum(orderStatuses).optional(),
  kind: z.enum(["one_time", "subscription"]).optional(),
  delivery_date: calendarDate.optional(),
});

const newOrder = z.strictObject({
  customer_id: id.optional().describe("left out by a customer, who orders for themselves"),
  delivery_date: calendarDate,
  items: z
    .array(z.strictObject({ product_id: id, quantity }))
    .min(1)
    .max(50)
    .refine(
      (items) => new Set(items.map(({ product_id }) => product_id)).size === items.length,
      "must name each product once",
    ),
  notes: note.optional(),
});

const position = z.tuple([calendarDate, id]);

export const orderRoutes: FastifyPluginAsyncZod<ApiContext> = async (app, context) => {
  const { db, changes } = context;

  app.get(
    "",
    {
      schema: {
        tags: ["orders"],
        summary: "List orders, newest delivery date first",
        querystring: listQuery,
        response: { 200: pageOf(orderView) },
      },
    },
    async (request) => {
      const { limit, cursor, ...filters } = request.query;
      const own = ownCustomer(request, changes.active);
      return readPage(
        { limit, cursor },
        {
          position,
          positionOf: (order) => [order.delivery_date, order.id] as [string, string],
          fetch: (after, take) =>
            db
              .selectFrom("orders")
              .select(orderColumns)
              .where((eb) => eb.and(given(filters)))
              .$if(own !== undefined, (query) => query.where("customer_id", "=", own ?? ""))
              .$if(after !== undefined, (query) =>
                query.where(sql<boolean>`(delivery_date, id) < (${after?.[0]}::date, ${after?.[1]})`),
              )
              .orderBy("delivery_date", "desc")
              .orderBy("id", "desc")
              .limit(take)
              .execute(),
        },
      );
    },
  );

  app.get(
    "/:id",
    {
      schema: {
        tags: ["orders"],
        summary: "One order",
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
      const { customer_id, delivery_date, items, notes } = request.body;
      const order = await placeOrder(context, {
        customerId: customerFor(request, changes.active, customer_id),
        placedBy: loginOf(request).id,
        byCustomer: isCustomer(request),
        deliveryDate: delivery_date,
        items,
        notes,
      });
      return reply.code(201).send(order);
    },
  );

  app.post(
    "/:id/cancel",
    {
      schema: {
        tags: ["orders"],
        summary: "Cancel an order that is not on its way",
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
        summary: "Generate a day's orders from the subscriptions; again is harmless",
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
