import { setTimeout as sleep } from "node:timers/promises";
import { replaceFile } from "../../core/atomic-file.ts";
import type { Clock } from "../../core/clock.ts";
import { defineFailure } from "../../core/failure.ts";
import { messageOf } from "../../core/message-of.ts";
import { isAlive, readProcess, stopProcess, writeLaunch } from "../slots/index.ts";
import { allTo, DivisionFile, type TrafficSwitch } from "../traffic/index.ts";
import { type ArtefactEnvironment, launchOf } from "./artefact-launch.ts";
import type { EmergencyReport } from "./emergency-report.ts";
import { sendCommand } from "./inbox.ts";
import { readJournal } from "./journal.ts";
import { leaseHolder } from "./lease.ts";
import { journalFile, type Release, readRelease, releaseDirectory } from "./release.ts";
import { replay } from "./replay.ts";
import { startInSlot } from "./slot-control.ts";
import { spawnConductor } from "./spawn-conductor.ts";
import { isOver, type ReleaseState } from "./state.ts";

const lookEveryMs = 100;
/** After this time, what is left goes on in the background. */
const revertWithinMs = 50_000;

const nothingToTakeBack = defineFailure({
  code: "EB_EMERGENCY_NOTHING",
  status: 409,
  exitStatus: 4,
  detail: "There is no release to take back{detail}.",
  remedy: 'Undo a step with "earlybird rollback", or restart the service with "earlybird start".',
});

export interface EmergencyRequest {
  environment: ArtefactEnvironment;
  by: string;
  reason: string;
  traffic: (release: Release) => TrafficSwitch;
  /** Starts a front, if none runs. Resolves with a sentence. */
  startFront: (release: Release) => Promise<string>;
  /** Marks the moment in the log of the database. Resolves with a sentence. */
  restorePoint: (release: Release) => Promise<string>;
  smoke: (
    release: Release,
  ) => Promise<{ ok: boolean; journeys: readonly { name: string; ok: boolean; evidence: string }[] }>;
  /** Tells people. Resolves with a sentence. */
  alert: (release: Release, report: Pick<EmergencyReport, "outcome" | "reason" | "by">) => Promise<string>;
  clock: Clock;
  /** Called as soon as each part is over. */
  onPart?: (entry: EmergencyReport["timeline"][number]) => void;
}

/**
 * Takes the newest release back, whatever state it is in: traffic first, and then everything else in reverse order. A
 * part that fails does not stop the next one. Works without server and database; what needs the database goes on in the
 * background once it is back.
 *
 * @throws Failure EB_EMERGENCY_NOTHING if no release is open or completed
 */
export const runEmergency = async (request: EmergencyRequest): Promise<EmergencyReport> => {
  const { environment, by, reason, clock, onPart } = request;
  const { dataDir } = environment;
  const release = await releaseToTakeBack(dataDir);
  const directory = releaseDirectory(dataDir, release.id);
  const startedMs = clock.monotonicMs();
  const at = clock.now().toISOString();
  const timeline: EmergencyReport["timeline"] = [];
  const part = async (what: string, work: () => Promise<string>): Promise<boolean> => {
    const [ok, evidence] = await work().then(
      (text): [boolean, string] => [true, text],
      (error: unknown): [boolean, string] => [false, messageOf(error)],
    );
    const entry = { ms: Math.round(clock.monotonicMs() - startedMs), what, ok, evidence };
    timeline.push(entry);
    onPart?.(entry);
    return ok;
  };

  await part("traffic", () => moveTraffic(request, release));
  const restorePoint = part("restore point", () => request.restorePoint(release));
  await part("conductor", async () => {
    await sendCommand(directory, { command: "revert", by, reason: `emergency: ${reason}` }, clock.now());
    return takeOver(release, environment, clock);
  });
  let state: ReleaseState = "reverting";
  const isReverted = await part("release", async () => {
    state = await waitForRevert(dataDir, release);
    if (state !== "reverted") throw new Error(`it is ${state} and goes on in the background`);
    return `everything of release ${release.id} is taken back`;
  });
  await restorePoint;
  const isSmokeOk = await part("smoke", async () => {
    const { ok, journeys } = await request.smoke(release);
    const failed = journeys
      .filter((journey) => !journey.ok)
      .map(({ name, evidence }) => `${name}: ${evidence}`);
    if (!ok) throw new Error(failed.join("; "));
    return `${journeys.length} journeys succeed`;
  });
  const outcome = !isReverted ? "goes_on" : isSmokeOk ? "verified" : "unverified";
  await part("alert", () => request.alert(release, { outcome, reason, by }));
  const report: EmergencyReport = { release: release.id, reason, by, at, outcome, timeline };
  const path = `${directory}/emergency-${at.replaceAll(":", "")}.json`;
  await replaceFile(path, `${path}.new`, JSON.stringify(report, null, 2));
  return report;
};

const releaseToTakeBack = async (dataDir: string): Promise<Release> => {
  const { release, progress } = await readRelease(dataDir).catch(() => {
    throw nothingToTakeBack({ detail: "" });
  });
  if (progress.since === null || progress.state === "reverted")
    throw nothingToTakeBack({ detail: `: release ${release.id} is ${progress.state}` });
  return release;
};

/** To the old version, which is started if it is gone. */
const moveTraffic = async (
  { traffic, environment, startFront }: EmergencyRequest,
  release: Release,
): Promise<string> => {
  const { dataDir } = environment;
  const { slot, artefact } = release.from;
  const divider = traffic(release);
  const hasFront = await divider.read().then(
    () => true,
    () => false,
  );
  const launch = launchOf(artefact, environment);
  if (!(await readProcess(dataDir, slot))?.ready) {
    if (!hasFront) {
      const file = await DivisionFile.open(dataDir);
      await file.set({ weights: allTo(slot), epoch: file.current.epoch + 1, release: release.id });
      await writeLaunch(dataDir, slot, launch);
      return startFront(release);
    }
    await startInSlot(dataDir, { slot, launch, servedBefore: true });
  } else if (!hasFront) return startFront(release);
  await divider.set(allTo(slot), (await DivisionFile.open(dataDir)).current.epoch + 1);
  return `all clients use version ${artefact.version} in ${slot}`;
};

/** A conductor may be in the middle of a long act, and may hang: it is killed, and the next one goes on. */
const takeOver = async (
  release: Release,
  environment: ArtefactEnvironment,
  clock: Clock,
): Promise<string> => {
  const directory = releaseDirectory(environment.dataDir, release.id);
  const holder = await leaseHolder(directory, clock);
  if (holder && !isAlive(holder)) return `the conductor on ${holder.space} obeys as soon as it can`;
  if (holder) await stopProcess(holder, 0);
  await spawnConductor(release, environment, clock);
  return holder ? "the conductor was replaced" : "a conductor takes the release back";
};

const waitForRevert = async (dataDir: string, release: Release): Promise<ReleaseState> => {
  const startedMs = performance.now();
  for (;;) {
    const { state, commands } = replay(await readJournal(journalFile(dataDir, release.id)));
    const hasBegun = commands.some(({ command }) => command === "revert");
    if (hasBegun && (isOver(state) || state === "stuck")) return state;
    if (performance.now() - startedMs > revertWithinMs) return state;
    await sleep(lookEveryMs);
  }
};
