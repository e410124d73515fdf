import { copyFile, mkdir, writeFile } from "node:fs/promises";
import { join } from "node:path";
import { beforeEach, expect, test } from "vitest";
import { StandingClock } from "../../../../test/support/clock.ts";
import { writeRelease } from "../../../../test/support/release-on-disk.ts";
import { makeTemporaryDirectory } from "../../../../test/support/temporary-directory.ts";
import { systemClock } from "../../core/clock.ts";
import { ReleaseHistory } from "./release-history.ts";

const minute = 60_000;
let clock: StandingClock;
let dataDir: string;
let history: ReleaseHistory;
beforeEach(async () => {
  clock = new StandingClock("2027-03-01T06:00:00Z");
  dataDir = await makeTemporaryDirectory();
  history = new ReleaseHistory({ dataDir, clock });
});

const period = { from: new Date("2027-03-01T00:00:00Z"), to: new Date("2027-03-02T00:00:00Z") };

/** A release that moved its traffic in two phases and then reverted, by itself or by a person. */
const revertedRelease = async (byPerson: boolean) => {
  const release = await writeRelease(dataDir, clock);
  await release.enter("preflight");
  clock.advanceMs(minute);
  await release.enter("phase_1");
  await release.act("traffic 1 %", "green 1 %, blue 99 %");
  clock.advanceMs(5 * minute);
  await release.enter("phase_10");
  await release.act("traffic 10 %", "no answer", { ok: false });
  await release.act("traffic 10 %", "green 10 %, blue 90 %");
  clock.advanceMs(minute);
  if (byPerson) await release.obey("revert", "Ada", "odd prices");
  await release.enter("reverting", byPerson ? "Ada: odd prices" : "5 % of the clients failed");
  for (const act of ["traffic 10 %", "traffic 1 %"])
    await release.act(act, "green 0 %", { direction: "undo" });
  clock.advanceMs(minute);
  await release.enter("reverted", byPerson ? "Ada: odd prices" : "5 % of the clients failed");
  await release.close();
  return release;
};

test("nothing is known without a release", async () => {
  expect(await history.newest()).toBeNull();
  expect(await history.list()).toEqual([]);
  expect(await history.milestones({ ...period, limit: 10 })).toEqual({ milestones: [], isComplete: true });
});

test.each([false, true])("a revert says whether a person asked for it: %s", async (byPerson) => {
  await revertedRelease(byPerson);
  expect(await history.newest()).toMatchObject({ state: "reverted", by_trigger: !byPerson, new_percent: 0 });
  expect((await history.milestones({ ...period, limit: 10 })).milestones).toMatchObject([
    {
      kind: "reverted",
      at: "2027-03-01T06:07:00.000Z",
      ended_at: "2027-03-01T06:08:00.000Z",
      by: byPerson ? "Ada" : null,
    },
    { kind: "started", by: "Asha", ended_at: "2027-03-01T06:08:00.000Z" },
  ]);
});

test("moves of traffic are those that happened, each once", async () => {
  await revertedRelease(false);
  const moves = await history.trafficMoves(period);
  expect(moves.map(({ before, percent, at }) => [before, percent, at])).toEqual([
    [10, 0, "2027-03-01T06:07:00.000Z"],
    [1, 10, "2027-03-01T06:06:00.000Z"],
    [0, 1, "2027-03-01T06:01:00.000Z"],
  ]);
  const early = { from: period.from, to: new Date("2027-03-01T06:05:00Z") };
  expect(await history.trafficMoves(early)).toHaveLength(1);
});

test("the newest release changes with its journal and with what is found about it", async () => {
  const release = await writeRelease(dataDir, clock);
  const planned = await history.newest();
  expect(planned).toMatchObject({ state: "planned", from: "1.4.0", to: "2.0.0" });
  expect(await history.newest()).toBe(planned);
  await release.enter("held", "The deadline of 60 min has passed.");
  expect(await history.newest()).toMatchObject({ state: "held", stage: "planned", by_trigger: true });
  const held = await history.newest();
  await release.write("judge.json", {});
  expect((await history.newest())?.revision).not.toBe(held?.revision);
  await release.obey("hold", "Ada", "lunch");
  await release.enter("held", "Ada: lunch");
  expect(await history.newest()).toMatchObject({ state: "held", by_trigger: false });
  await release.close();
});

test("a release whose plan comes later than its directory is found", async () => {
  const elsewhere = await writeRelease(await makeTemporaryDirectory(), clock);
  await elsewhere.close();
  const directory = join(dataDir, "releases", elsewhere.id);
  await mkdir(directory, { recursive: true });
  const real = new ReleaseHistory({ dataDir, clock: systemClock });
  expect(await real.newest()).toBeNull();
  await copyFile(join(elsewhere.directory, "release.json"), join(directory, "release.json"));
  expect(await real.newest()).toMatchObject({ id: elsewhere.id, state: "planned" });
});

test("pages of milestones continue where the one before ended", async () => {
  await revertedRelease(false);
  const { milestones } = await history.milestones({ ...period, limit: 1 });
  const [first] = milestones;
  const before = { at: new Date(first?.at ?? ""), id: `${first?.release}-${first?.kind}` };
  expect(await history.milestones({ ...period, limit: 10, before })).toMatchObject({
    milestones: [{ kind: "started" }],
  });
});

test("a damaged journal hides no other release", async () => {
  const damaged = await revertedRelease(true);
  const { id } = await revertedRelease(false);
  await writeFile(join(damaged.directory, "journal.jsonl"), "not a line\n");
  const { milestones, isComplete } = await history.milestones({ ...period, limit: 10 });
  expect([new Set(milestones.map(({ release }) => release)), isComplete]).toEqual([new Set([id]), false]);
  expect(await history.trafficMoves(period)).toHaveLength(3);
});
