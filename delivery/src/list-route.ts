import type { FastifyInstance, FastifyRequest } from "fastify";
import { z } from "zod";
import { type Given, given, type PageRequest, pageOf, pageQuery, readPage, type Slice } from "./paging.ts";

interface List<
  Filters extends z.ZodRawShape,
  Sort extends z.ZodRawShape,
  Item extends z.ZodType<Record<keyof Sort, unknown>>,
> {
  path?: string;
  tags: string[];
  summary: string;
  item: Item;
  /** Query parameters besides `limit` and `cursor`. */
  filters: Filters;
  /** See {@link readPage}. */
  sort: Sort;
  fetch: (
    filters: Given<z.output<z.ZodObject<Filters>>>,
    slice: Slice<Sort>,
    request: FastifyRequest,
  ) => Promise<z.output<Item>[]>;
}

/** Adds a GET route that returns a list in pages. */
export const listRoute = <
  Filters extends z.ZodRawShape,
  Sort extends z.ZodRawShape,
  Item extends z.ZodType<Record<keyof Sort, unknown>>,
>(
  app: FastifyInstance,
  { path = "", tags, summary, item, filters, sort, fetch }: List<Filters, Sort, Item>,
): void => {
  app.get(
    path,
    {
      schema: {
        tags,
        summary,
        querystring: z.strictObject({ ...pageQuery, ...filters }),
        response: { 200: pageOf(item) },
      },
    },
    async (request) => {
      const { limit, cursor, ...filters } = request.query as PageRequest;
      const values = given(filters) as Given<z.output<z.ZodObject<Filters>>>;
      return readPage({ limit, cursor }, sort, (slice) => fetch(values, slice, request));
    },
  );
};
