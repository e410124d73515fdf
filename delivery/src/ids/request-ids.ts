import { readCursor, writeCursor } from "../paging.ts";

/** The parts of a request that contain ids: path, query, body and login. */
export interface NamesRows {
  params: unknown;
  query: unknown;
  body?: unknown;
  login: { id: string; customer_id: string | null } | null;
}

const places = ["params", "query", "body", "login"] as const;

/** The values of all id fields of a request, including those in a cursor. */
export const idsOf = (request: NamesRows): Set<string> => {
  const found = new Set<string>();
  const note = (id: string) => {
    found.add(id);
    return id;
  };
  for (const place of places) withIds(request[place], note);
  return found;
};

/** Replaces the ids of a request that `current` maps to others. */
export const replaceIds = (request: NamesRows, current: ReadonlyMap<string, string>): void => {
  const replacement = (id: string) => current.get(id) ?? id;
  Object.assign(
    request,
    Object.fromEntries(places.map((place) => [place, withIds(request[place], replacement)])),
  );
};

/** A copy of a value with each of its ids replaced. Other text stays: a note can mention `order-001042`. */
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
