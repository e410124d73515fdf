import { mkdir } from "node:fs/promises";
import { join } from "node:path";
import { beforeEach, expect, test } from "vitest";
import { StandingClock } from "../../../../test/support/clock.ts";
import { makeTemporaryDirectory } from "../../../../test/support/temporary-directory.ts";
import { Journal } from "./journal.ts";
import { journalFile, listReleases, planRelease, readRelease } from "./release.ts";
import type { ReleaseState } from "./state.ts";

const clock = new StandingClock("2027-03-01T06:00:00Z");
const artefact = (version: string) => ({ version, directory: `/srv/${version}`, sha256: null });
const planned = {
  strategy: "canary" as const,
  from: { slot: "blue" as const, artefact: artefact("1.0.0") },
  to: { slot: "green" as const, artefact: artefact("1.1.0") },
  steps: { before: [25], after: [29] },
  acknowledge: [],
  waivers: [],
  requested_by: "ada",
  origin: "test",
  reason: "confirmations name their user",
};

let dataDir: string;
beforeEach(async () => {
  dataDir = await makeTemporaryDirectory();
});
const enter = async (id: string, state: ReleaseState) => {
  const journal = await Journal.open(journalFile(dataDir, id));
  await journal.append({ type: "state", at: clock.now().toISOString(), state, reason: null, outage: false });
  await journal.close();
};

test("a release can be planned once the one before it is over", async () => {
  const { id } = await planRelease(dataDir, planned, clock);
  expect(id).toBe("20270301-1");
  expect(await readRelease(dataDir)).toMatchObject({ release: { id }, progress: { state: "planned" } });
  await expect(planRelease(dataDir, planned, clock)).rejects.toMatchObject({
    code: "EB_RELEASE_OPEN",
    detail: "Release 20270301-1 is planned.",
    exitStatus: 5,
  });
  await enter(id, "reverted");
  // A crash left a directory without a plan.
  await mkdir(join(dataDir, "releases", "20270301-9"));
  expect(await planRelease(dataDir, planned, clock)).toMatchObject({ id: "20270301-10" });
  expect((await listReleases(dataDir)).map((release) => release.id)).toEqual(["20270301-10", "20270301-1"]);
  await expect(readRelease(dataDir, "20270301-7")).rejects.toMatchObject({ code: "EB_RELEASE_UNKNOWN" });
});

test("of many people who plan at once, one does", async () => {
  const all = await Promise.allSettled(
    Array.from({ length: 20 }, () => planRelease(dataDir, planned, clock)),
  );
  expect(all.filter(({ status }) => status === "fulfilled")).toHaveLength(1);
  expect(await listReleases(dataDir)).toHaveLength(1);
});
