import { readCursor, writeCursor } from "../paging.ts";

/** Where a request names rows: path, query and body, and the login it came with. */
export interface NamesRows {
  params: unknown;
  query: unknown;
  body?: unknown;
  login: { id: string; customer_id: string | null } | null;
}

const places = ["params", "query", "body", "login"] as const;

/** The values of all id fields of a request, those in a list's cursor included. */
export const idsOf = (request: NamesRows): Set<string> => {
  const found = new Set<string>();
  const note = (id: string) => {
    found.add(id);
    return id;
  };
  for (const place of places) withIds(request[place], note);
  return found;
};

/** Puts other ids in the place of those that `current` knows. */
export const replaceIds = (request: NamesRows, current: ReadonlyMap<string, string>): void => {
  const replacement = (id: string) => current.get(id) ?? id;
  Object.assign(
    request,
    Object.fromEntries(places.map((place) => [place, withIds(request[place], replacement)])),
  );
};

/** A copy of a value with each of its ids replaced. Other text stays: a note may well speak of `order-001042`. */
const withIds = (value: unknown, replace: (id: string) => string, field = ""): unknown => {
  if (typeof value === "string") {
    if (field === "cursor") {
      const position = readCursor(value);
      return position === undefined ? value : writeCursor(withIds(position, replace));
    }
    return field === "id" || field.endsWith("_id") ? replace(value) : value;
  }
  if (Array.isArray(value))
    return value.map((each) => withIds(each, replace, field === "ids" || field.endsWith("_ids") ? "id" : ""));
  if (typeof value !== "object" || value === null) return value;
  return Object.fromEntries(
    Object.entries(value).map(([name, each]) => [name, withIds(each, replace, name)]),
  );
};
