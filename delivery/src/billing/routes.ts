import type { FastifyPluginAsyncZod } from "fastify-type-provider-zod";
import { sql } from "kysely";
import { z } from "zod";
import { ownCustomer } from "../auth/index.ts";
import type { ApiContext } from "../context.ts";
import { id, month } from "../fields.ts";
import { given, pageOf, pageQuery, readPage } from "../paging.ts";
import { accountRoutes } from "./account-routes.ts";
import { billColumns, billNotFound, billStatuses, billView, billWithLinesView, readLines } from "./bill.ts";
import { alertingFailedRun } from "./failed-runs.ts";
import { generateBills } from "./generate.ts";

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
  supplements: z
    .int()
    .describe(
      "drafts made for what was delivered or corrected after its bill was issued, also in earlier months",
    ),
});

const position = z.tuple([month, id]);
const tags = ["billing"];

export const billingRoutes: FastifyPluginAsyncZod<ApiContext> = async (app, context) => {
  const { db, changes } = context;
  await app.register(accountRoutes, { ...context, prefix: "" });

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
              .select(billColumns)
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

  app.get(
    "/:id",
    {
      schema: {
        tags,
        summary: "One bill with its lines",
        params: z.strictObject({ id }),
        response: { 200: billWithLinesView },
      },
    },
    async (request) => {
      const own = ownCustomer(request, changes.active);
      const bill = await db
        .selectFrom("billing_records")
        .select(billColumns)
        .where("id", "=", request.params.id)
        .$if(own !== undefined, (query) => query.where("customer_id", "=", own ?? ""))
        .executeTakeFirst();
      if (!bill) throw billNotFound({ id: request.params.id });
      return { ...bill, lines: (await readLines(db, [bill.id])).get(bill.id) ?? [] };
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
