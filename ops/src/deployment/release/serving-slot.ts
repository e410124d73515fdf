import { type Launch, readLaunch } from "../slots/index.ts";
import { DivisionFile, type Slot } from "../traffic/index.ts";

/** The slot that serves most clients, and its program; undefined if no front has started one. */
export const servingSlot = async (dataDir: string): Promise<{ slot: Slot; launch: Launch } | undefined> => {
  const { weights } = (await DivisionFile.open(dataDir)).current;
  const slot = weights.green > weights.blue ? "green" : "blue";
  const launch = await readLaunch(dataDir, slot);
  return launch && { slot, launch };
};

/** The next number of a change of the traffic. */
export const nextEpoch = async (dataDir: string): Promise<number> =>
  (await DivisionFile.open(dataDir)).current.epoch + 1;
