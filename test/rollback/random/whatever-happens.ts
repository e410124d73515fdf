import fc from "fast-check";
import { expect } from "vitest";
import { startApi } from "../../support/api.ts";
import { steps } from "../twelve-steps.ts";
import { carryOut, type World } from "./carry-out.ts";
import {
  expectAllInPlace,
  expectKept,
  expectOrdersFollowDeliveries,
  expectParkedStillThere,
  expectSound,
  expectUntouchedAsBefore,
  stepsAway,
} from "./expectations.ts";
import { type Happening, history, works } from "./happening.ts";
import { forgetWrites, noteWrites, takeSnapshot } from "./history-of-writes.ts";
import { readVisible, type ValuesByPlace } from "./parked.ts";

/**
 * Lets random histories happen to a business, one after the other, each from a start with all steps applied,
 * and looks after each happening, and at the end of each history, for whatever must never be.
 *
 * @param movesInTen how many of ten happenings roll a step back or re-apply it
 * @param longest how many happenings a history has at most
 */
export const whateverHappens = async ({
  movesInTen,
  longest,
  runs,
  seed,
}: {
  movesInTen: number;
  longest: number;
  runs: number;
  seed: number | undefined;
}): Promise<void> => {
  const api = await startApi();
  try {
    await noteWrites(api.pool);
    const world: World = { api, done: new Map(), newcomers: 0 };
    await fc.assert(
      fc.asyncProperty(history(movesInTen, longest), (happenings) => oneHistory(world, happenings)),
      { numRuns: runs, endOnFailure: true, ...(seed !== undefined && { seed }) },
    );
    // Else the histories have passed by what they are about.
    for (const kind of everyKind) expect(world.done.get(kind) ?? 0, kind).toBeGreaterThan(0);
    expect(await api.engine.verifyLedger()).toMatchObject({ ok: true });
  } finally {
    await api.stop();
  }
};

const everyKind = ["rollback", "reapply", ...works] as const;

const oneHistory = async (world: World, happenings: readonly Happening[]): Promise<void> => {
  const { api } = world;
  await beginAnew(world);
  const before = await takeSnapshot(api.pool);
  const seen: Seen = { parked: new Map(), cancelled: new Set() };
  for (const happening of happenings) await oneHappening(world, happening, seen);
  for (const step of steps) {
    if ((await stepsAway(api)).has(String(step)))
      await oneHappening(world, { kind: "reapply", step, onConflict: "keep" }, seen);
  }
  await expectAllInPlace(api);
  await expectUntouchedAsBefore(api, before);
};

/** What a history remembers of itself. */
interface Seen {
  parked: ValuesByPlace;
  /** Orders that were cancelled. */
  cancelled: Set<string>;
}

const oneHappening = async (world: World, happening: Happening, seen: Seen): Promise<void> => {
  const { api } = world;
  const reapplied = happening.kind === "reapply";
  const restored = reapplied && happening.onConflict === "restore";
  const written = reapplied && !restored ? await readVisible(api.pool, "parked") : new Map<string, string>();
  await carryOut(world, happening);
  // This option restores the parked values, whatever has changed since.
  if (restored) seen.cancelled.clear();
  seen.parked = await expectParkedStillThere(api, happening, seen.parked);
  await expectSound(api, happening, seen.cancelled);
  if (!reapplied) return;
  await expectKept(api, written);
  await expectOrdersFollowDeliveries(api);
};

/** What a history leaves behind, in an order in which it can go. Deleting is quicker than truncating. */
const passing = [
  "refused_confirmations",
  "shared_links",
  "billing_records",
  "delivery_statuses",
  "orders",
  "subscriptions",
];

/** Three subscribers, a day that is generated, one delivery confirmed, one order besides. */
const beginAnew = async (world: World): Promise<void> => {
  const { api } = world;
  for (const table of passing) await api.pool.query(`delete from ${table}`);
  // With the rows, what step 29 has written down of them.
  for (const table of passing.slice(2))
    await api.pool.query(`delete from earlybird.ids_${table} where new_id not in (select id from ${table})`);
  for (const pick of [0, 1, 2]) await carryOut(world, { kind: "subscribe", pick });
  await carryOut(world, { kind: "generate", pick: 0 });
  await carryOut(world, { kind: "place", pick: 0 });
  await carryOut(world, { kind: "confirm", pick: 1 });
  await forgetWrites(api.pool);
};
