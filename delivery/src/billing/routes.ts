import type { FastifyPluginAsyncZod } from "fastify-type-provider-zod";
import { sql } from "kysely";
import { z } from "zod";
import { ownCustomer } from "../auth/index.ts";
import type { ApiContext } from "../context.ts";
import { id, month } from "../fields.ts";
import { listRoute } from "../list-route.ts";
import { given } from "../paging.ts";
import { accountRoutes } from "./account-routes.ts";
import { billColumns, billNotFound, billStatuses, billView, billWithLinesView, readLines } from "./bill.ts";
import { alertingFailedRun } from "./failed-runs.ts";
import { billingRun, generateBills } from "./generate.ts";

const tags = ["billing"];

export const billingRoutes: FastifyPluginAsyncZod<ApiContext> = async (app, context) => {
  const { db, changes } = context;
  await app.register(accountRoutes, { ...context, prefix: "" });

  listRoute(app, {
    tags,
    summary: "List bills, newest period first",
    item: billView,
    filters: {
      period: month.optional(),
      customer_id: id.optional(),
      status: z.enum(billStatuses).optional(),
    },
    sort: { period: month, id },
    fetch: ({ period, ...filters }, { after, take }, request) =>
      db
        .selectFrom("billing_records")
        .select(billColumns)
        .where((eb) => eb.and(filters))
        .$if(period !== undefined, (query) => query.where("period", "=", `${period}-01`))
        .where((eb) => eb.and(given({ customer_id: ownCustomer(request, changes.active) })))
        .$if(after !== undefined, (query) =>
          query.where(
            sql<boolean>`(billing_records.period, id) < (${`${after?.period}-01`}::date, ${after?.id})`,
          ),
        )
        // By the column, not by its alias of the same name: the index is on the column.
        .orderBy("billing_records.period", "desc")
        .orderBy("id", "desc")
        .limit(take)
        .execute(),
  });

  app.get(
    "/:id",
    {
      schema: {
        tags,
        summary: "Get a bill with its lines",
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
        summary: "Bill a month; idempotent",
        body: z.strictObject({ period: month }),
        response: { 200: z.object({ period: z.string(), ...billingRun.shape }) },
      },
    },
    async (request) => {
      const { period } = request.body;
      const run = await alertingFailedRun(context, period, () => generateBills(context, period));
      return { period, ...run };
    },
  );
};
