import type { FastifyPluginAsyncZod } from "fastify-type-provider-zod";
import { sql } from "kysely";
import { z } from "zod";
import { ownCustomer } from "../auth/index.ts";
import type { ApiContext } from "../context.ts";
import { id, month } from "../fields.ts";
import { given, pageOf, pageQuery, readPage } from "../paging.ts";
import { alertingFailedRun } from "./failed-runs.ts";
import { generateBills } from "./generate.ts";

const billStatuses = ["draft", "issued", "paid", "void"] as const;

const billView = z.object({
  id: z.string(),
  customer_id: z.string(),
  order_id: z.string().nullable().describe("the one-time order it bills; null for a month of subscriptions"),
  covers: z.enum(["subscriptions", "order"]),
  period: z.string().describe("YYYY-MM"),
  amount_paise: z.int(),
  status: z.enum(billStatuses),
  created_at: z.date(),
});

const listQuery = z.strictObject({
  ...pageQuery,
  period: month.optional(),
  customer_id: id.optional(),
  status: z.enum(billStatuses).optional(),
});

const runView = z.object({
  period: z.string(),
  subscription_bills: z.int().describe("drafts made, one a customer"),
  corrected_drafts: z.int().describe("drafts of an earlier run that follow what was delivered since"),
  one_time_bills: z.int().describe("drafts made, one an order"),
});

const position = z.tuple([month, id]);
const tags = ["billing"];

export const billingRoutes: FastifyPluginAsyncZod<ApiContext> = async (app, context) => {
  const { db, changes } = context;

  app.get(
    "",
    {
      schema: {
        tags,
        summary: "List bills, newest period first",
        querystring: listQuery,
        response: { 200: pageOf(billView) },
      },
    },
    async (request) => {
      const { limit, cursor, period, ...filters } = request.query;
      const own = ownCustomer(request, changes.active);
      return readPage(
        { limit, cursor },
        {
          position,
          positionOf: (bill) => [bill.period, bill.id] as [string, string],
          fetch: (after, take) =>
            db
              .selectFrom("billing_records")
              .select(["id", "customer_id", "order_id", "covers", "amount_paise", "status", "created_at"])
              .select(sql<string>`to_char(period, 'YYYY-MM')`.as("period"))
              .where((eb) => eb.and(given(filters)))
              .$if(period !== undefined, (query) => query.where("period", "=", `${period}-01`))
              .$if(own !== undefined, (query) => query.where("customer_id", "=", own ?? ""))
              .$if(after !== undefined, (query) =>
                query.where(
                  sql<boolean>`(billing_records.period, id) < (${`${after?.[0]}-01`}::date, ${after?.[1]})`,
                ),
              )
              // By the column, not by its text of the same name: the index is on the column.
              .orderBy("billing_records.period", "desc")
              .orderBy("id", "desc")
              .limit(take)
              .execute(),
        },
      );
    },
  );

  app.post(
    "/generate",
    {
      schema: {
        tags,
        summary: "Bill a month; again is harmless",
        body: z.strictObject({ period: month }),
        response: { 200: runView },
      },
    },
    async (request) => {
      const { period } = request.body;
      const run = await alertingFailedRun(context, period, () => generateBills(context, period));
      return { period, ...run };
    },
  );
};
