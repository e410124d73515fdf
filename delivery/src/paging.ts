import { defineFailure } from "earlybird/service";
import { z } from "zod";

const invalidCursor = defineFailure({
  code: "EB_INVALID_CURSOR",
  status: 400,
  detail: "The cursor is invalid.",
  remedy: "Omit it to start with the first page, or send the next_cursor of the previous page.",
});

/** The query fields that every list takes. */
export const pageQuery = {
  limit: z.coerce.number().int().min(1).max(100).default(50).describe("how many at most"),
  cursor: z.string().max(400).optional().describe("next_cursor of the page before"),
};

/** The filters of a list that were given, for `eb.and(...)`. */
export const given = <Filters extends object>(filters: Filters) =>
  Object.fromEntries(Object.entries(filters).filter(([, value]) => value !== undefined)) as {
    [Name in keyof Filters]?: Exclude<Filters[Name], undefined>;
  };

/** The shape of every list's answer. `next_cursor` is null on the last page. */
export const pageOf = <Item extends z.ZodType>(item: Item) =>
  z.object({ items: z.array(item), next_cursor: z.string().nullable() });

/**
 * Answers one page of a list by keyset: a page costs the same however far down it is, and rows that come
 * or go meanwhile shift nothing.
 *
 * @param page the limit and cursor of the request
 * @param list how the list is ordered: `position` describes the sort key of a row, `positionOf` reads it,
 *   `fetch` returns up to `take` rows after a position (undefined: from the top)
 * @throws Failure EB_INVALID_CURSOR
 */
export const readPage = async <Row, Position>(
  page: { limit: number; cursor?: string | undefined },
  list: {
    position: z.ZodType<Position>;
    positionOf: (row: Row) => Position;
    fetch: (after: Position | undefined, take: number) => Promise<Row[]>;
  },
): Promise<{ items: Row[]; next_cursor: string | null }> => {
  const after = page.cursor === undefined ? undefined : decode(page.cursor, list.position);
  // One more than asked for tells whether there is a next page.
  const rows = await list.fetch(after, page.limit + 1);
  const items = rows.slice(0, page.limit);
  const last = items.at(-1);
  const more = rows.length > page.limit && last !== undefined;
  return { items, next_cursor: more ? writeCursor(list.positionOf(last)) : null };
};

/** The cursor of a position in a list. */
export const writeCursor = (position: unknown): string =>
  Buffer.from(JSON.stringify(position)).toString("base64url");

/** The position of a cursor, whatever it holds; undefined when it holds none. */
export const readCursor = (cursor: string): unknown => {
  try {
    return JSON.parse(Buffer.from(cursor, "base64url").toString());
  } catch {
    return undefined;
  }
};

const decode = <Position>(cursor: string, position: z.ZodType<Position>): Position => {
  const read = position.safeParse(readCursor(cursor));
  if (!read.success) throw invalidCursor();
  return read.data;
};
