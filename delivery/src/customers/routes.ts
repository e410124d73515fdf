import { defineFailure } from "@earlybird-ops/platform";
import type { FastifyPluginAsyncZod } from "fastify-type-provider-zod";
import { z } from "zod";
import { ownCustomer } from "../auth/index.ts";
import type { ApiContext } from "../context.ts";
import { address, changeOf, id, name, phone, searchText } from "../fields.ts";
import { newId } from "../ids/index.ts";
import { listRoute } from "../list-route.ts";
import { customerColumns, customerNotFound, customerStatuses, customerView } from "./customer.ts";

const statusByOffice = defineFailure({
  code: "EB_STATUS_BY_OFFICE",
  status: 403,
  detail: "A customer cannot change their own status.",
  remedy: "Omit status, or ask support to change it.",
});

const status = z.enum(customerStatuses);
const details = { name, phone, address, area: name };

export const customerRoutes: FastifyPluginAsyncZod<ApiContext> = async (app, { db, changes, clock }) => {
  listRoute(app, {
    tags: ["customers"],
    summary: "List customers",
    item: customerView,
    filters: {
      status: status.optional(),
      area: name.optional(),
      phone: phone.optional(),
      name: searchText.optional().describe("part of a name"),
    },
    sort: { id },
    fetch: ({ name: part, ...filters }, { after, take }) =>
      db
        .selectFrom("customers")
        .select(customerColumns)
        .where((eb) => eb.and(filters))
        .$if(part !== undefined, (query) =>
          // strpos rather than like: % and _ in a name are no wildcards.
          query.where((eb) =>
            eb(eb.fn("strpos", [eb.fn("lower", ["name"]), eb.val(part?.toLowerCase())]), ">", 0),
          ),
        )
        .$if(after !== undefined, (query) => query.where("id", ">", after?.id ?? ""))
        .orderBy("id")
        .limit(take)
        .execute(),
  });

  app.get(
    "/:id",
    {
      schema: {
        tags: ["customers"],
        summary: "Get a customer",
        params: z.strictObject({ id }),
        response: { 200: customerView },
      },
    },
    async (request) => {
      const own = ownCustomer(request, changes.active) ?? request.params.id;
      const customer = await db
        .selectFrom("customers")
        .select(customerColumns)
        .where("id", "=", request.params.id)
        .where("id", "=", own)
        .executeTakeFirst();
      if (!customer) throw customerNotFound({ id: request.params.id });
      return customer;
    },
  );

  app.post(
    "",
    {
      schema: {
        tags: ["customers"],
        summary: "Add a customer without a login",
        body: z.strictObject(details),
        response: { 201: customerView },
      },
    },
    async (request, reply) => {
      const customer = await changes.transaction((tx, active) =>
        tx
          .insertInto("customers")
          .values({ id: newId("customer", active), ...request.body, created_at: clock.now() })
          .returning(customerColumns)
          .executeTakeFirstOrThrow(),
      );
      return reply.code(201).send(customer);
    },
  );

  app.patch(
    "/:id",
    {
      schema: {
        tags: ["customers"],
        summary: "Change a customer's details",
        params: z.strictObject({ id }),
        body: changeOf({ ...details, status }),
        response: { 200: customerView },
      },
    },
    async (request) => {
      const own = ownCustomer(request, changes.active);
      if (own !== undefined && own !== request.params.id) throw customerNotFound({ id: request.params.id });
      if (own !== undefined && request.body.status !== undefined) throw statusByOffice();
      const customer = await changes.transaction((tx) =>
        tx
          .updateTable("customers")
          .set(request.body)
          .where("id", "=", request.params.id)
          .returning(customerColumns)
          .executeTakeFirst(),
      );
      if (!customer) throw customerNotFound({ id: request.params.id });
      return customer;
    },
  );
};
