import { defineFailure } from "@earlybird-ops/platform/service";
import { z } from "zod";

const invalidCursor = defineFailure({
  code: "EB_INVALID_CURSOR",
  status: 400,
  detail: "The cursor is invalid.",
  remedy: "Omit it to start with the first page, or send the next_cursor of the previous page.",
});

/** The query fields that every list takes. */
export const pageQuery = {
  limit: z.coerce.number().int().min(1).max(100).default(50).describe("maximum number of items"),
  cursor: z.string().max(400).optional().describe("next_cursor of the previous page"),
};

/** The filters that have a value, for `eb.and(...)`. */
export const given = <Filters extends object>(filters: Filters) =>
  Object.fromEntries(Object.entries(filters).filter(([, value]) => value !== undefined)) as Given<Filters>;

export type Given<Filters> = { [Name in keyof Filters]?: Exclude<Filters[Name], undefined> };

/** The response schema of every list. `next_cursor` is null on the last page. */
export const pageOf = <Item extends z.ZodType>(item: Item) =>
  z.object({ items: z.array(item), next_cursor: z.string().nullable() });

export interface PageRequest {
  limit: number;
  cursor?: string | undefined;
}

/** Where a page begins (undefined: at the top) and the number of rows to fetch. */
export interface Slice<Sort extends z.ZodRawShape> {
  after: z.output<z.ZodObject<Sort>> | undefined;
  take: number;
}

/**
 * Reads one page of a list by keyset: the cost of a page does not depend on its depth, and rows that are
 * inserted or deleted meanwhile shift nothing.
 *
 * @param sort the fields of a row by which the list is sorted; together they are unique
 * @param fetch returns the rows of a slice
 * @throws Failure EB_INVALID_CURSOR
 */
export const readPage = async <Sort extends z.ZodRawShape, Row extends Record<keyof Sort, unknown>>(
  { limit, cursor }: PageRequest,
  sort: Sort,
  fetch: (slice: Slice<Sort>) => Promise<Row[]>,
): Promise<{ items: Row[]; next_cursor: string | null }> => {
  const after = cursor === undefined ? undefined : positionOf(cursor, sort);
  // One row more than the limit shows whether there is a next page.
  const rows = await fetch({ after, take: limit + 1 });
  const items = rows.slice(0, limit);
  const last = items.at(-1);
  if (rows.length <= limit || last === undefined) return { items, next_cursor: null };
  const position = Object.fromEntries(Object.keys(sort).map((field) => [field, last[field]]));
  return { items, next_cursor: writeCursor(position) };
};

/** The cursor of a position: the values of the fields by which a list is sorted. */
export const writeCursor = (position: unknown): string =>
  Buffer.from(JSON.stringify(position)).toString("base64url");

/** The content of a cursor, not validated; undefined if it cannot be read. */
export const readCursor = (cursor: string): unknown => {
  try {
    return JSON.parse(Buffer.from(cursor, "base64url").toString());
  } catch {
    return undefined;
  }
};

const positionOf = <Sort extends z.ZodRawShape>(cursor: string, sort: Sort) => {
  const position = z.strictObject(sort).safeParse(readCursor(cursor));
  if (!position.success) throw invalidCursor();
  return position.data;
};
