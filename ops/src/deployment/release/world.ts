import { readFile } from "node:fs/promises";
import { join } from "node:path";
import { z } from "zod";
import { replaceFile } from "../../core/atomic-file.ts";
import { defineFailure } from "../../core/failure.ts";
import type { PreflightReport } from "../preflight/index.ts";
import type { RehearsalReport } from "../rehearsal/index.ts";
import type { Slot, TrafficSwitch } from "../traffic/index.ts";
import { type ArtefactEnvironment, launchOf } from "./artefact-launch.ts";
import { type Release, releaseDirectory } from "./release.ts";
import { startInSlot, stopSlot, untilServing } from "./slot-control.ts";
import type { ReleaseWorld } from "./stages.ts";

/** The checks that need the backup and the rehearsal, which come after the first preflight. */
export const checksOfCopy: readonly number[] = [15, 16, 21, 25];
/** The checks that ask the new version. */
export const checksOfGreen: readonly number[] = [29, 30];

const preflightRefused = defineFailure({
  code: "EB_PREFLIGHT",
  status: 409,
  exitStatus: 4,
  detail: "{checks}",
  remedy:
    'Correct what it finds, or waive it with "earlybird release plan --waive", and plan another release.',
});

const smokeFailed = defineFailure({
  code: "EB_SMOKE_FAILED",
  status: 502,
  exitStatus: 4,
  detail: "The version in the slot {slot} fails {journeys}.",
  remedy: "Correct the version, and plan another release.",
});

const rehearsalFailed = defineFailure({
  code: "EB_REHEARSAL_FAILED",
  status: 409,
  exitStatus: 4,
  detail: "The rehearsal failed: {reason}",
  remedy: "Correct the version or its steps, and plan another release. Nothing was changed.",
});

/** The outcome of the smoke suite of a version. */
interface SmokeOutcome {
  ok: boolean;
  journeys: readonly { name: string; ok: boolean; evidence: string }[];
}

export interface WorldOptions extends Pick<ReleaseWorld, "steps" | "judge" | "validate"> {
  release: Release;
  environment: ArtefactEnvironment;
  traffic: TrafficSwitch;
  /** Runs some checks of the preflight; those that need neither a copy nor the new version if undefined. */
  preflight(only: readonly number[] | undefined): Promise<PreflightReport>;
  /** Makes a backup, and restores it to compare it. Resolves with its id and a sentence. */
  backup(): Promise<{ id: string; evidence: string }>;
  /** Carries the release out on a copy that is restored from the backup. */
  rehearse(backupId: string, signal: AbortSignal): Promise<RehearsalReport>;
  smoke(slot: Slot): Promise<SmokeOutcome>;
}

const backupSchema = z.object({ id: z.string(), evidence: z.string() });

/** The world that a release moves: slots, the switch, the database. What it finds is kept beside the journal. */
export const releaseWorld = (options: WorldOptions): ReleaseWorld => {
  const { release, environment, traffic, steps, judge, validate } = options;
  const { dataDir } = environment;
  const directory = releaseDirectory(dataDir, release.id);
  const keep = (name: string, value: unknown): Promise<void> => {
    const path = join(directory, name);
    return replaceFile(path, `${path}.new`, JSON.stringify(value, null, 2));
  };

  const preflight = async (only?: readonly number[]): Promise<string> => {
    const report = await options.preflight(only);
    const earlier = only ? await readPreflight(directory) : undefined;
    await keep("preflight.json", earlier ? merge(earlier, report) : report);
    if (report.verdict !== "go") throw preflightRefused({ checks: refusalOf(report) });
    const { go, waived } = report.counts;
    return `GO: ${go} checks${waived > 0 ? `, ${waived} waived` : ""}`;
  };

  return {
    traffic,
    steps,
    judge,
    validate,
    slots: {
      start: (slot, artefact, signal) =>
        startInSlot(dataDir, {
          slot,
          launch: launchOf(artefact, environment),
          signal,
          servedBefore: slot === release.from.slot,
        }).catch(async (error: unknown) => {
          // Without a front nobody starts slots: that is an outage, and says nothing about the version.
          await traffic.read();
          throw error;
        }),
      ready: (slot, signal) => untilServing(dataDir, { slot, signal, servedBefore: true }),
      stop: (slot) => stopSlot(dataDir, slot),
      smoke: async (slot) => {
        const { ok, journeys } = await options.smoke(slot);
        await keep(`smoke-${slot}.json`, { ok, journeys });
        const failed = journeys.filter((journey) => !journey.ok);
        if (!ok)
          throw smokeFailed({
            slot,
            journeys: failed.map(({ name, evidence }) => `${name} (${evidence})`).join(", "),
          });
        return `${journeys.length} journeys succeed`;
      },
    },
    preflight: () => preflight(),
    backup: async () => {
      const backup = await options.backup();
      await keep("backup.json", backup);
      return backup.evidence;
    },
    rehearse: async (signal) => {
      const { id } = backupSchema.parse(JSON.parse(await readFile(join(directory, "backup.json"), "utf8")));
      const report = await options.rehearse(id, signal);
      await keep("rehearsal.json", report);
      if (!report.ok) throw rehearsalFailed({ reason: report.evidence });
      return report.evidence;
    },
    preflightOfCopy: () => preflight(checksOfCopy),
    preflightOfGreen: () => preflight(checksOfGreen),
  };
};

/** The rehearsal of a release; undefined before it. */
export const readRehearsal = (dataDir: string, id: string): Promise<RehearsalReport | undefined> =>
  readKept(releaseDirectory(dataDir, id), "rehearsal.json");

/** The preflight of a release; undefined before it. */
export const readPreflight = (directory: string): Promise<PreflightReport | undefined> =>
  readKept(directory, "preflight.json");

/** What a release has written beside its journal. */
const readKept = async <T>(directory: string, name: string): Promise<T | undefined> => {
  const text = await readFile(join(directory, name), "utf8").catch(() => undefined);
  return text === undefined ? undefined : (JSON.parse(text) as T);
};

const refusalOf = ({ checks }: PreflightReport): string =>
  (["no_go", "unknown"] as const)
    .flatMap((verdict) => {
      const refused = checks.filter((check) => check.verdict === verdict && check.waived === null);
      const names = refused.map(({ number, name, evidence }) => `${number} ${name}: ${evidence}`);
      return names.length > 0 ? [`${verdict === "no_go" ? "NO-GO" : "UNKNOWN"}: ${names.join(" ")}`] : [];
    })
    .join(" ");

/** Two runs of different checks as one report. */
const merge = (earlier: PreflightReport, later: PreflightReport): PreflightReport => {
  const numbers = new Set(later.checks.map(({ number }) => number));
  const checks = [...earlier.checks.filter(({ number }) => !numbers.has(number)), ...later.checks];
  const sum = (key: keyof PreflightReport["counts"]) => earlier.counts[key] + later.counts[key];
  return {
    ...later,
    valid_until: [earlier.valid_until, later.valid_until].toSorted()[0] ?? later.valid_until,
    counts: { go: sum("go"), no_go: sum("no_go"), unknown: sum("unknown"), waived: sum("waived") },
    checks: checks.toSorted((one, other) => one.number - other.number),
  };
};
