import fc from "fast-check";
import { expect } from "vitest";
import { startApi } from "../../support/api.ts";
import { asked } from "../asked.ts";
import { carryOut, type World } from "./carry-out.ts";
import {
  expectAllInPlace,
  expectKept,
  expectOrdersFollowDeliveries,
  expectParkedStillThere,
  expectSound,
  expectUntouchedAsBefore,
} from "./expectations.ts";
import { type Happening, history, works } from "./happening.ts";
import { forgetWrites, noteWrites, takeSnapshot } from "./history-of-writes.ts";
import { readVisible, type ValuesByPlace } from "./parked.ts";

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
  let parked: ValuesByPlace = new Map();
  for (const happening of [...happenings, ...allBack]) {
    const reapplied = happening.kind === "reapply";
    const restored = reapplied && happening.onConflict === "restore";
    const written: ValuesByPlace =
      reapplied && !restored ? await readVisible(api.pool, "parked") : new Map<string, string>();
    await carryOut(world, happening);
    // Whoever says so wants back what was parked, whatever has become of it since.
    if (restored) cancelled.clear();
    parked = await expectParkedStillThere(api, happening, parked);
    await expectSound(api, cancelled);
    if (!reapplied) continue;
    await expectKept(api, written);
    await expectOrdersFollowDeliveries(api);
  }
  await expectAllInPlace(api);
  await expectUntouchedAsBefore(api, before);
};

/** With what they need, these bring all steps back. */
const allBack: readonly Happening[] = [21, 23, 24, 25, 26, 27, 28, 29, 30].map((step) => ({
  kind: "reapply",
  step,
  onConflict: "keep",
}));

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
