import type { FastifyPluginAsyncZod } from "fastify-type-provider-zod";
import { sql } from "kysely";
import { z } from "zod";
import { loginOf } from "../auth/index.ts";
import { today } from "../calendar.ts";
import type { ApiContext } from "../context.ts";
import { ownRound, readCourier, roundOf } from "../couriers/index.ts";
import { deliveryOutcomes } from "../database.ts";
import { calendarDate, id, name } from "../fields.ts";
import { listRoute } from "../list-route.ts";
import { pageQuery, readPage } from "../paging.ts";
import { confirm, confirmBody } from "./confirm-request.ts";
import { deliveryColumns, deliveryView } from "./delivery.ts";
import { alertingFailedConfirmation } from "./failed-confirmations.ts";
import { recordingRefusals } from "./refusals.ts";
import { readStops, type Stop, stopOrder, stopView } from "./route.ts";
import { startRound } from "./start-round.ts";

const routeQuery = z.strictObject({
  ...pageQuery,
  limit: z.coerce.number().int().min(1).max(500).default(200).describe("maximum number of stops"),
  date: calendarDate.optional().describe("default: today"),
  area: name.optional(),
  courier_id: id.optional().describe("the round of one courier; couriers see their own"),
});

const routeView = z.object({
  date: z.string(),
  areas: z.array(z.object({ area: z.string(), stops: z.array(stopView) })),
  next_cursor: z.string().nullable(),
});

export const deliveryRoutes: FastifyPluginAsyncZod<ApiContext> = async (app, context) => {
  const { db, changes, clock } = context;

  listRoute(app, {
    tags: ["deliveries"],
    summary: "List deliveries, newest first",
    item: deliveryView,
    filters: {
      customer_id: id.optional(),
      order_id: id.optional(),
      delivery_date: calendarDate.optional(),
      status: z.enum(deliveryOutcomes).optional(),
    },
    sort: { delivery_date: calendarDate, id },
    fetch: (filters, { after, take }) =>
      db
        .selectFrom("delivery_statuses")
        .select(deliveryColumns)
        .where((eb) => eb.and(filters))
        .$if(after !== undefined, (query) =>
          query.where(sql<boolean>`(delivery_date, id) < (${after?.delivery_date}::date, ${after?.id})`),
        )
        .orderBy("delivery_date", "desc")
        .orderBy("id", "desc")
        .limit(take)
        .execute(),
  });

  app.get(
    "/route",
    {
      schema: {
        tags: ["deliveries"],
        summary: "Get the route of a day by area; couriers get their own stops of today and tomorrow",
        querystring: routeQuery,
        response: { 200: routeView },
      },
    },
    async (request) => {
      const { limit, cursor, area, courier_id, date = today(clock) } = request.query;
      const own = ownRound(request, changes.active);
      const courierId = roundOf(own, { courierId: courier_id, date }, today(clock));
      if (courierId !== undefined && courierId !== own) await readCourier(db, courierId);
      const { items, next_cursor } = await readPage({ limit, cursor }, stopOrder, (slice) =>
        readStops(db, { date, area, courierId, ...slice }),
      );
      return { date, areas: byArea(items), next_cursor };
    },
  );

  app.post(
    "/confirm",
    {
      schema: {
        tags: ["deliveries"],
        summary: "Confirm a delivery",
        body: confirmBody,
        response: { 200: z.object({ deliveries: z.array(deliveryView) }) },
      },
    },
    async (request) => {
      const { order_id, customer_id } = request.body;
      const what = {
        ...(order_id !== undefined && { order_id }),
        ...(customer_id !== undefined && { customer_id }),
      };
      const deliveries = await alertingFailedConfirmation(context, what, () =>
        recordingRefusals(context, request.log, () => confirm(context, request, request.body)),
      );
      return { deliveries };
    },
  );

  app.post(
    "/start-round",
    {
      schema: {
        tags: ["deliveries"],
        summary: "Start a round: sets its open orders out for delivery; idempotent",
        body: z.strictObject({
          date: calendarDate.optional().describe("default: today; tomorrow can start on the evening before"),
          area: name.optional(),
        }),
        response: { 200: z.object({ date: z.string(), started: z.int() }) },
      },
    },
    async (request) => {
      const { area, date = today(clock) } = request.body;
      const { id, role } = loginOf(request);
      const courier = role === "delivery" ? id : undefined;
      return { date, started: await startRound(context, { date, today: today(clock), area, courier }) };
    },
  );
};

const byArea = (stops: readonly Stop[]): { area: string; stops: Stop[] }[] => {
  const areas = new Map<string, Stop[]>();
  for (const stop of stops) areas.set(stop.area, [...(areas.get(stop.area) ?? []), stop]);
  return [...areas].map(([area, stops]) => ({ area, stops }));
};
