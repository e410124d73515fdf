import fc from "fast-check";
import { expect } from "vitest";
import { declaredChanges } from "../../../delivery/src/changes/index.ts";
import { type Api, startApi } from "../../support/api.ts";
import { asked } from "../asked.ts";
import { carryOut, type World } from "./carry-out.ts";
import { type Happening, history, works } from "./happening.ts";
import { forgetWrites, noteWrites, takeSnapshot, writtenRows } from "./history-of-writes.ts";
import { inNewIds, keysInNewIds, readDictionary } from "./ids.ts";
import { findOrphans } from "./orphans.ts";
import { type ParkedValues, readParked } from "./parked.ts";

/**
 * Lets random histories happen to a business, one after the other, each from a start with all steps applied,
 * and looks after each happening, and at the end of each history, for whatever must never be.
 *
 * @param movesInTen how many of ten happenings roll a step back or re-apply it
 */
export const whateverHappens = async ({
  movesInTen,
  runs,
  seed,
}: {
  movesInTen: number;
  runs: number;
  seed: number | undefined;
}): Promise<void> => {
  const api = await startApi();
  try {
    await noteWrites(api.pool);
    const world: World = { api, done: new Map(), newcomers: 0 };
    await fc.assert(
      fc.asyncProperty(history(movesInTen), (happenings) => oneHistory(world, happenings)),
      { numRuns: runs, endOnFailure: true, ...(seed !== undefined && { seed }) },
    );
    // Else the histories have passed by what they are about.
    for (const kind of ["rollback", "reapply", ...works] as const)
      expect(world.done.get(kind), kind).toBeGreaterThan(0);
    expect(await api.engine.verifyLedger()).toMatchObject({ ok: true });
  } finally {
    await api.stop();
  }
};

const oneHistory = async (world: World, happenings: readonly Happening[]): Promise<void> => {
  const { api } = world;
  await beginAnew(world);
  const before = await takeSnapshot(api.pool);
  const cancelled = new Set<string>();
  let parked: ParkedValues = new Map();
  for (const happening of happenings) {
    await carryOut(world, happening);
    parked = await expectParkedStillThere(api, happening, parked);
    await expectSound(api, cancelled);
  }
  await api.engine.reapplySteps(19, 30, asked);
  await expectSound(api, cancelled);
  await expectChecksGreen(api);
  await expectUntouchedAsBefore(api, before);
};

/** Three subscribers, a day that is generated, one delivery confirmed, one order besides. */
const beginAnew = async (world: World): Promise<void> => {
  const { api } = world;
  await api.engine.reapplySteps(19, 30, asked);
  // With the rows, what step 29 has written down of them.
  await api.pool.query(
    `truncate orders, delivery_statuses, billing_records, shared_links, refused_confirmations, subscriptions,
       earlybird.ids_orders, earlybird.ids_delivery_statuses, earlybird.ids_billing_records, earlybird.ids_subscriptions`,
  );
  for (const pick of [0, 1, 2]) await carryOut(world, { kind: "subscribe", pick });
  await carryOut(world, { kind: "generate", pick: 0 });
  await carryOut(world, { kind: "place", pick: 0 });
  await carryOut(world, { kind: "confirm", pick: 1 });
  await forgetWrites(api.pool);
};

/** Answers what is parked now. What was parked stays with its row, unless it is wanted again or what it refers to has been deleted. */
const expectParkedStillThere = async (
  api: Api,
  happening: Happening,
  parked: ParkedValues,
): Promise<ParkedValues> => {
  const found = await readParked(api.pool);
  if (parked.size === 0) return found;
  const { rows } = await api.pool.query("select step from earlybird.steps where state = 'rolled_back'");
  const away = new Set(rows.map(({ step }) => String(step)));
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

/** What must hold in every state. */
const expectSound = async (api: Api, cancelled: Set<string>): Promise<void> => {
  expect(await findOrphans(api.pool)).toEqual([]);
  expect(await billedTwice(api), "billed twice").toEqual([]);
  const { rows } = await api.pool.query("select id from orders where status = 'CANCELLED'");
  if (rows.length + cancelled.size === 0) return;
  const dictionary = await readDictionary(api.pool);
  const now = new Set(rows.map(({ id }) => inNewIds(id, dictionary)));
  for (const id of cancelled) expect(now, "cancelled orders stay so").toContain(inNewIds(id, dictionary));
  for (const { id } of rows) cancelled.add(id);
};

/** Orders with two bills that stand, wherever the bills remember them. */
const billedTwice = async (api: Api): Promise<unknown[]> => {
  const { rows: columns } = await api.pool.query(
    "select column_name as name from information_schema.columns where table_name = 'billing_records' and column_name like '%order_id'",
  );
  const { rows } = await api.pool.query(
    `select coalesce(${columns.map(({ name }) => name).join(", ")}) as billed from billing_records
     where status <> 'void' group by billed having coalesce(${columns.map(({ name }) => name).join(", ")}) is not null and count(*) > 1`,
  );
  return rows;
};

const expectChecksGreen = async ({ db }: Api): Promise<void> => {
  for (const { step, parts, verify } of declaredChanges) {
    const checks = await verify(db, "applied");
    for (const part of parts) checks.push(...(await part.check(db, step, "applied")));
    expect(
      checks.filter(({ ok }) => !ok),
      `checks of step ${step}`,
    ).toEqual([]);
  }
};

const expectUntouchedAsBefore = async (api: Api, before: ReadonlyMap<string, string>): Promise<void> => {
  const dictionary = await readDictionary(api.pool);
  const touched = new Set([...(await writtenRows(api.pool))].map((key) => inNewIds(key, dictionary)));
  await addOrdersOfWrittenDeliveries(api, touched);
  const after = await takeSnapshot(api.pool);
  const untouched = (rows: ReadonlyMap<string, string>) =>
    Object.fromEntries([...keysInNewIds(rows, dictionary)].filter(([key]) => !touched.has(key)));
  const known = new Map([...after].filter(([key]) => before.has(key)));
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
