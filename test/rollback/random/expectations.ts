import { expect } from "vitest";
import { changes } from "../../../delivery/src/changes/index.ts";
import type { Api } from "../../support/api.ts";
import type { Happening } from "./happening.ts";
import { type Snapshot, takeSnapshot, writtenRows } from "./history-of-writes.ts";
import { inNewIds, keysInNewIds, readDictionary } from "./ids.ts";
import { findOrphans } from "./orphans.ts";
import { leftInTwins, readParked, readVisible, type ValuesByPlace } from "./parked.ts";

/** The steps that are rolled back, as text. */
export const stepsAway = async ({ pool }: Api): Promise<Set<string>> => {
  const { rows } = await pool.query("select step from earlybird.steps where state = 'rolled_back'");
  return new Set(rows.map(({ step }) => String(step)));
};

const none = async ({ pool }: Api, what: string, query: string): Promise<void> => {
  expect((await pool.query(query)).rows, what).toEqual([]);
};

/**
 * What is parked stays with its row, unless it is wanted again or what it refers to has been deleted.
 *
 * @returns what is parked now
 */
export const expectParkedStillThere = async (
  api: Api,
  happening: Happening,
  parked: ValuesByPlace,
): Promise<ValuesByPlace> => {
  const found = await readParked(api.pool);
  if (parked.size === 0) return found;
  const away = await stepsAway(api);
  const dictionary = await readDictionary(api.pool);
  const now = keysInNewIds(found, dictionary);
  const lost = [...keysInNewIds(parked, dictionary)].filter(([key, value]) => {
    const [step = "", place = ""] = key.split(" ");
    return away.has(step) && place !== emptiedBy[happening.kind] && now.get(key) !== value;
  });
  if (lost.length === 0) return found;
  const present = keysInNewIds(await takeSnapshot(api.pool), dictionary);
  const withTheirRows = lost.filter(([key]) => {
    const [, place = "", id] = key.split(" ");
    return place === "refused" || present.has(`${place.split(".")[0]} ${id}`);
  });
  expect(withTheirRows).toEqual([]);
  return found;
};

/** A foreign key that is parked does not hold up a deletion: it lets go. */
const emptiedBy: Partial<Record<Happening["kind"], string>> = {
  "delete subscription": "orders.eb19_parked_subscription_id",
  "delete customer": "users.eb21_parked_customer_id",
};

/** What was written under yesterday's names is there when its step is back, if what it refers to is. */
export const expectKept = async (api: Api, written: ValuesByPlace): Promise<void> => {
  const away = await stepsAway(api);
  const dictionary = await readDictionary(api.pool);
  const back = [...keysInNewIds(written, dictionary)].filter(([key]) => !away.has(key.split(" ")[0] ?? ""));
  if (back.length === 0) return;
  const now = keysInNewIds(await readVisible(api.pool, "empty"), dictionary);
  const changed = back.filter(([key, value]) => now.get(key) !== value);
  const rows = [...keysInNewIds(await takeSnapshot(api.pool), dictionary).keys()].join("\n");
  expect(changed.filter(([, value]) => !/^[a-z]{3}_/.test(value) || rows.includes(value))).toEqual([]);
};

/** What the API writes has its foreign keys; what the engine writes, or somebody deletes, is looked after. */
const mayOrphan = /^(rollback|reapply|delete|edit)/;

/** What must hold in every state. `cancelled` are orders that were, and grows. */
export const expectSound = async (api: Api, happening: Happening, cancelled: Set<string>): Promise<void> => {
  if (mayOrphan.test(happening.kind)) expect(await findOrphans(api.pool)).toEqual([]);
  await expectBilledOnce(api);
  const { rows } = await api.pool.query("select id from orders where status = 'CANCELLED'");
  if (rows.length + cancelled.size === 0) return;
  const dictionary = await readDictionary(api.pool);
  const now = new Set(rows.map(({ id }) => inNewIds(id, dictionary)));
  for (const id of cancelled) expect(now, "cancelled orders stay so").toContain(inNewIds(id, dictionary));
  for (const { id } of rows) cancelled.add(id);
};

/** No order has two bills that stand, wherever the bills remember it. */
const expectBilledOnce = async (api: Api): Promise<void> => {
  const { rows } = await api.pool.query(
    `select string_agg(quote_ident(attname), ', ') as columns from pg_attribute
     where attrelid = 'billing_records'::regclass and attname ~ 'order_id$' and not attisdropped`,
  );
  await none(
    api,
    "orders billed twice",
    `select billed from (select coalesce(${rows[0].columns}) as billed from billing_records where status <> 'void') b
     where billed is not null group by billed having count(*) > 1`,
  );
};

/** While steps 20 and 22 are applied, an order of which something was delivered is not open. */
export const expectOrdersFollowDeliveries = async (api: Api): Promise<void> => {
  const away = await stepsAway(api);
  if (away.has("20") || away.has("22")) return;
  await none(
    api,
    "delivered orders that are open",
    `select o.id from orders o join delivery_statuses d on d.order_id = o.id
     where o.status in ('PENDING', 'CONFIRMED') and d.status in ('delivered', 'partially_delivered')`,
  );
};

/** With all steps applied: their own checks, and nothing left where nobody will look for it. */
export const expectAllInPlace = async (api: Api): Promise<void> => {
  for (const { step, parts, verify } of changes) {
    const checks = (await verify?.(api.db, "applied")) ?? [];
    for (const part of parts) checks.push(...(await part.check(api.db, step, "applied")));
    expect(
      checks.filter(({ ok }) => !ok),
      `checks of step ${step}`,
    ).toEqual([]);
  }
  expect(await leftInTwins(api.pool)).toEqual([]);
  await none(
    api,
    "bills whose order does not know",
    `select b.id from billing_records b join orders o on o.id = b.order_id
     where b.status <> 'void' and o.billed is not true`,
  );
};

/** Rows that nobody has written are as they were in the beginning, bit for bit. */
export const expectUntouchedAsBefore = async (api: Api, before: Snapshot): Promise<void> => {
  const dictionary = await readDictionary(api.pool);
  const touched = new Set([...(await writtenRows(api.pool))].map((key) => inNewIds(key, dictionary)));
  await addOrdersOfWrittenDeliveries(api, touched);
  const untouched = (rows: Snapshot) =>
    Object.fromEntries([...keysInNewIds(rows, dictionary)].filter(([key]) => !touched.has(key)));
  const known = new Map([...(await takeSnapshot(api.pool))].filter(([key]) => before.has(key)));
  expect(untouched(known)).toEqual(untouched(before));
};

/** An order follows its delivery (step 22): it counts as written when its delivery was. */
const addOrdersOfWrittenDeliveries = async (api: Api, touched: Set<string>): Promise<void> => {
  const { rows } = await api.pool.query(
    "select id, order_id from delivery_statuses where order_id is not null",
  );
  for (const { id, order_id } of rows) {
    if (touched.has(`delivery_statuses ${id}`)) touched.add(`orders ${order_id}`);
  }
};
