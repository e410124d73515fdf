import type pg from "pg";

/** The newer id of a row for its older one. */
export type Dictionary = ReadonlyMap<string, string>;

const tablesWithIds = [
  "users",
  "customers",
  "products",
  "subscriptions",
  "orders",
  "delivery_statuses",
  "billing_records",
];

/** Which ids are one and the same, as step 29 has written it down so far. */
export const readDictionary = async (pool: pg.Pool): Promise<Dictionary> => {
  const { rows } = await pool.query(
    tablesWithIds.map((table) => `select old_id, new_id from earlybird.ids_${table}`).join(" union all "),
  );
  return new Map(rows.map(({ old_id, new_id }) => [old_id, new_id]));
};

const olderId = /\b(user|customer|product|subscription|order|delivery|bill)-\d{6,}\b/g;

/** The same text, be it a key, a value or a whole row, whether step 29 was away when it was read or not. */
export const inNewIds = (text: string, dictionary: Dictionary): string =>
  text.replaceAll(olderId, (id) => dictionary.get(id) ?? id);

export const keysInNewIds = <Value extends string>(
  map: ReadonlyMap<string, Value>,
  dictionary: Dictionary,
): Map<string, string> =>
  new Map([...map].map(([key, value]) => [inNewIds(key, dictionary), inNewIds(value, dictionary)]));
