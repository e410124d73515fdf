import type { FastifyPluginAsyncZod } from "fastify-type-provider-zod";
import { z } from "zod";
import { customerFor, loginOf } from "../auth/index.ts";
import type { ApiContext } from "../context.ts";
import { paymentMethods } from "../database.ts";
import { id, month, note } from "../fields.ts";
import { billView } from "./bill.ts";
import { readStatement, statementView } from "./statement.ts";
import { changeBill, issueDrafts } from "./transitions.ts";

const params = z.strictObject({ id });
const tags = ["billing"];

const payment = z.strictObject({
  method: z.enum(paymentMethods),
  reference: z
    .string()
    .trim()
    .min(1)
    .max(100)
    .optional()
    .describe("such as the UPI transaction; each can be booked once"),
  paid_at: z.iso
    .datetime({ offset: true })
    .transform((at) => new Date(at))
    .optional()
    .describe("default: now"),
});

/** Routes that issue, pay and void bills, and that return statements. */
export const accountRoutes: FastifyPluginAsyncZod<ApiContext> = async (app, context) => {
  app.get(
    "/statement",
    {
      config: { problems: [404] },
      schema: {
        tags,
        summary: "Get the monthly statement of a customer: balance, bills with lines, payments",
        querystring: z.strictObject({
          customer_id: id.optional().describe("customers omit it: they get their own"),
          period: month,
        }),
        response: { 200: statementView },
      },
    },
    async (request) =>
      readStatement(context.db, {
        timeZone: context.clock.timeZone,
        customerId: customerFor(request, context.changes.active, request.query.customer_id),
        month: request.query.period,
      }),
  );

  app.post(
    "/issue",
    {
      schema: {
        tags,
        summary: "Issue all drafts of a month",
        body: z.strictObject({ period: month }),
        response: { 200: z.object({ period: z.string(), issued: z.int() }) },
      },
    },
    async (request) => {
      const { period } = request.body;
      return { period, issued: await issueDrafts(context, { month: period, by: loginOf(request).id }) };
    },
  );

  app.post(
    "/:id/issue",
    { schema: { tags, summary: "Issue a draft", params, response: { 200: billView } } },
    async (request) =>
      changeBill(context, { id: request.params.id, by: loginOf(request).id, action: "issue" }),
  );

  app.post(
    "/:id/pay",
    {
      schema: {
        tags,
        summary: "Record the payment of an issued bill",
        params,
        body: payment,
        response: { 200: billView },
      },
    },
    async (request) => {
      const { method, reference, paid_at } = request.body;
      const by = loginOf(request).id;
      return changeBill(context, {
        id: request.params.id,
        by,
        action: "pay",
        method,
        reference,
        paidAt: paid_at,
      });
    },
  );

  app.post(
    "/:id/void",
    {
      schema: {
        tags,
        summary: "Void a draft or an issued bill; the next run bills its orders again",
        params,
        body: z.strictObject({ reason: note.min(1) }),
        response: { 200: billView },
      },
    },
    async (request) =>
      changeBill(context, {
        id: request.params.id,
        by: loginOf(request).id,
        action: "void",
        reason: request.body.reason,
      }),
  );
};
