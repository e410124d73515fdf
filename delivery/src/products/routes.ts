import type { FastifyPluginAsyncZod } from "fastify-type-provider-zod";
import { z } from "zod";
import type { ApiContext } from "../context.ts";
import { changeOf, flag, id, name, paise } from "../fields.ts";
import { listsOnlySoldProducts } from "../http/api-versions.ts";
import { newId } from "../ids/index.ts";
import { listRoute } from "../list-route.ts";
import { productColumns, productNotFound, productView } from "./product.ts";

const details = { name, category: name, unit: name, price_paise: paise };

export const productRoutes: FastifyPluginAsyncZod<ApiContext> = async (app, { db, changes }) => {
  listRoute(app, {
    tags: ["products"],
    summary: "List products",
    item: productView,
    filters: {
      category: name.optional(),
      active: flag.optional().describe(`without it: all; from version ${listsOnlySoldProducts}: true`),
    },
    sort: { id },
    fetch: (filters, { after, take }, { apiVersion }) =>
      db
        .selectFrom("products")
        .select(productColumns)
        .where((eb) => eb.and(filters))
        .$if(filters.active === undefined && apiVersion >= listsOnlySoldProducts, (query) =>
          query.where("active", "=", true),
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
        tags: ["products"],
        summary: "Get a product",
        params: z.strictObject({ id }),
        response: { 200: productView },
      },
    },
    async (request) => {
      const product = await db
        .selectFrom("products")
        .select(productColumns)
        .where("id", "=", request.params.id)
        .executeTakeFirst();
      if (!product) throw productNotFound({ id: request.params.id });
      return product;
    },
  );

  app.post(
    "",
    {
      schema: {
        tags: ["products"],
        summary: "Add a product",
        body: z.strictObject(details),
        response: { 201: productView },
      },
    },
    async (request, reply) => {
      const product = await changes.transaction((tx, active) =>
        tx
          .insertInto("products")
          .values({ id: newId("product", active), ...request.body })
          .returning(productColumns)
          .executeTakeFirstOrThrow(),
      );
      return reply.code(201).send(product);
    },
  );

  app.patch(
    "/:id",
    {
      schema: {
        tags: ["products"],
        summary: "Change a product, its price or its availability",
        params: z.strictObject({ id }),
        body: changeOf({ ...details, active: z.boolean() }),
        response: { 200: productView },
      },
    },
    async (request) => {
      const product = await changes.transaction((tx) =>
        tx
          .updateTable("products")
          .set(request.body)
          .where("id", "=", request.params.id)
          .returning(productColumns)
          .executeTakeFirst(),
      );
      if (!product) throw productNotFound({ id: request.params.id });
      return product;
    },
  );
};
