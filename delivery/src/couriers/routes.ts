import type { FastifyPluginAsyncZod } from "fastify-type-provider-zod";
import { sql } from "kysely";
import { z } from "zod";
import { today } from "../calendar.ts";
import type { ApiContext } from "../context.ts";
import { calendarDate, id, name } from "../fields.ts";
import { listRoute } from "../list-route.ts";
import { pageOf, pageQuery, readPage } from "../paging.ts";
import { assignmentView, assignStops, readAssignments, removeAssignment } from "./assignments.ts";
import { courierView, lockCourier, readCourier, readCouriers, unassignedAreas } from "./courier.ts";

const tags = ["couriers"];

const assignmentBody = z
  .strictObject({
    delivery_date: calendarDate,
    user_id: id.describe("the courier"),
    customer_ids: z.array(id).min(1).max(1_000).optional(),
    area: name.optional().describe("all current customers of the area"),
  })
  .refine((body) => (body.customer_ids === undefined) !== (body.area === undefined), {
    path: ["customer_ids"],
    error: "must be given, or area must, and not both",
  });

export const courierRoutes: FastifyPluginAsyncZod<ApiContext> = async (app, context) => {
  const { db, changes, clock } = context;

  app.get(
    "",
    {
      schema: {
        tags,
        summary: "List couriers and their areas, and unassigned areas",
        querystring: z.strictObject(pageQuery),
        response: {
          200: pageOf(courierView).extend({
            unassigned_areas: z
              .array(z.string())
              .describe("areas with active customers but no courier; every courier sees their stops"),
          }),
        },
      },
    },
    async (request) => {
      const page = await readPage(request.query, { id }, ({ after, take }) =>
        readCouriers(db, { where: after ? sql`u.id > ${after.id}` : sql`true`, take }),
      );
      const { rows } = await sql<{ area: string }>`${unassignedAreas} order by area`.execute(db);
      return { ...page, unassigned_areas: rows.map(({ area }) => area) };
    },
  );

  app.put(
    "/:id/areas",
    {
      schema: {
        tags,
        summary: "Set the areas of a courier",
        params: z.strictObject({ id }),
        body: z.strictObject({ areas: z.array(name).max(100) }),
        response: { 200: courierView },
      },
    },
    async (request) => {
      const { id } = request.params;
      return changes.transaction(async (tx) => {
        await lockCourier(tx, id);
        await sql`delete from courier_areas where user_id = ${id}`.execute(tx);
        await sql`
          insert into courier_areas (user_id, area)
          select distinct ${id}, area from unnest(${request.body.areas}::text[]) as given (area)`.execute(tx);
        return readCourier(tx, id);
      });
    },
  );

  listRoute(app, {
    path: "/assignments",
    tags,
    summary: "List the stops of a day that are assigned to a courier independently of areas",
    item: assignmentView,
    filters: { delivery_date: calendarDate.optional().describe("default: today") },
    sort: { customer_id: id },
    fetch: ({ delivery_date = today(clock) }, { after, take }) =>
      readAssignments(db, { date: delivery_date, after: after?.customer_id, take }),
  });

  app.post(
    "/assignments",
    {
      config: { problems: [404] },
      schema: {
        tags,
        summary: "Assign stops of a day to a courier; takes precedence over areas",
        body: assignmentBody,
        response: { 200: z.object({ delivery_date: z.string(), user_id: z.string(), assigned: z.int() }) },
      },
    },
    async (request) => {
      const { delivery_date, user_id, customer_ids, area = "" } = request.body;
      const stops = customer_ids ? { customerIds: customer_ids } : { area };
      return {
        delivery_date,
        user_id,
        assigned: await assignStops(context, delivery_date, stops, user_id),
      };
    },
  );

  app.delete(
    "/assignments/:delivery_date/:customer_id",
    {
      schema: {
        tags,
        summary: "Remove the assignment of a stop; its area determines the courier again",
        params: z.strictObject({ delivery_date: calendarDate, customer_id: id }),
        response: { 200: assignmentView },
      },
    },
    async (request) => removeAssignment(context, request.params.delivery_date, request.params.customer_id),
  );
};
