import { mkdir, readdir, readFile } from "node:fs/promises";
import { join } from "node:path";
import { z } from "zod";
import { replaceFile, syncDirectory } from "../../core/atomic-file.ts";
import type { Clock } from "../../core/clock.ts";
import { defineFailure } from "../../core/failure.ts";
import { slots } from "../traffic/index.ts";
import { readJournal } from "./journal.ts";
import { takeLease } from "./lease.ts";
import { type Progress, replay } from "./replay.ts";
import { isOver, strategySchema } from "./state.ts";

const releaseOpen = defineFailure({
  code: "EB_RELEASE_OPEN",
  status: 409,
  exitStatus: 5,
  detail: "Release {id} is {state}.",
  remedy: 'Wait until it is completed, or revert it with "earlybird release revert".',
});

const releaseUnknown = defineFailure({
  code: "EB_RELEASE_UNKNOWN",
  status: 404,
  exitStatus: 2,
  detail: "There is no release {id}.",
  remedy: '"earlybird release status" lists them.',
});

const releaseOver = defineFailure({
  code: "EB_RELEASE_OVER",
  status: 409,
  exitStatus: 4,
  detail: "Release {id} is {state}.",
  remedy: 'Plan another one with "earlybird release plan".',
});

const slotSchema = z.enum(slots);

/** A version of the service, and where it is installed. */
export const artefactSchema = z.object({
  version: z.string(),
  /** The absolute path of its root, with `earlybird.config.js`. */
  directory: z.string(),
  /** SHA-256 of the packed artefact, or of the files in the directory; null if it ran before the release. */
  sha256: z.string().nullable(),
  /** The packed artefact; absent if it is not packed. */
  file: z.string().optional(),
});
export type Artefact = z.infer<typeof artefactSchema>;

/** What was planned. It never changes: what happens is in the journal. */
export const releaseSchema = z.object({
  /** Day and number, such as `20270301-2`. */
  id: z.string().regex(/^\d{8}-\d+$/),
  strategy: strategySchema,
  from: z.object({ slot: slotSchema, artefact: artefactSchema }),
  to: z.object({ slot: slotSchema, artefact: artefactSchema }),
  /** Steps to apply before the new version serves, and after the old one has stopped; in order. */
  steps: z.object({ before: z.array(z.int()), after: z.array(z.int()) }),
  /** The phrases that acknowledge critical steps. */
  acknowledge: z.array(z.string()),
  /** Checks of the preflight that may be anything but GO. */
  waivers: z.array(z.object({ check: z.int(), by: z.string(), reason: z.string() })),
  requested_by: z.string(),
  origin: z.string(),
  reason: z.string(),
  planned_at: z.iso.datetime(),
});
export type Release = z.infer<typeof releaseSchema>;

const directoryOf = (dataDir: string) => join(dataDir, "releases");

export const releaseDirectory = (dataDir: string, id: string): string => join(directoryOf(dataDir), id);
export const journalFile = (dataDir: string, id: string): string =>
  join(releaseDirectory(dataDir, id), "journal.jsonl");

/** All releases on disk, newest first. */
export const listReleases = async (dataDir: string): Promise<Release[]> => {
  const names = await readdir(directoryOf(dataDir)).catch((error: NodeJS.ErrnoException): string[] => {
    if (error.code === "ENOENT") return [];
    throw error;
  });
  const releases = await Promise.all(names.map((id) => readIfPlanned(dataDir, id)));
  return releases.filter((release) => release !== undefined).toSorted(newestFirst);
};

const newestFirst = (one: Release, other: Release): number =>
  other.id.localeCompare(one.id, "en", { numeric: true });

/** Undefined if a crash left a directory without a plan. */
const readIfPlanned = async (dataDir: string, id: string): Promise<Release | undefined> => {
  const text = await readFile(join(releaseDirectory(dataDir, id), "release.json"), "utf8").catch(
    () => undefined,
  );
  return text === undefined ? undefined : releaseSchema.parse(JSON.parse(text));
};

/**
 * A release with its progress; the newest one if `id` is undefined.
 *
 * @throws Failure EB_RELEASE_UNKNOWN
 */
export const readRelease = async (
  dataDir: string,
  id?: string,
): Promise<{ release: Release; progress: Progress }> => {
  const releases = await listReleases(dataDir);
  const release = id === undefined ? releases[0] : releases.find((each) => each.id === id);
  if (!release) throw releaseUnknown({ id: id ?? "yet" });
  return { release, progress: replay(await readJournal(journalFile(dataDir, release.id))) };
};

/**
 * A release that is not over; the newest one if `id` is undefined.
 *
 * @throws Failure EB_RELEASE_UNKNOWN, EB_RELEASE_OVER
 */
export const readOpenRelease = async (dataDir: string, id?: string): Promise<Release> => {
  const { release, progress } = await readRelease(dataDir, id);
  if (isOver(progress.state)) throw releaseOver({ id: release.id, state: progress.state });
  return release;
};

/**
 * Writes the plan of a release.
 *
 * @throws Failure EB_RELEASE_OPEN while another one is neither completed nor reverted
 */
export const planRelease = async (
  dataDir: string,
  planned: Omit<Release, "id" | "planned_at">,
  clock: Clock,
): Promise<Release> => {
  await mkdir(directoryOf(dataDir), { recursive: true, mode: 0o700 });
  const lease = await takeLease(directoryOf(dataDir), clock);
  if ("heldBy" in lease) throw releaseOpen({ id: "of another command", state: "planned" });
  try {
    await refuseWhileOpen(dataDir);
    return await writePlan(dataDir, planned, clock.now());
  } finally {
    await lease.release();
  }
};

const refuseWhileOpen = async (dataDir: string): Promise<void> => {
  const [last] = await listReleases(dataDir);
  if (!last) return;
  const { state } = replay(await readJournal(journalFile(dataDir, last.id)));
  if (!isOver(state)) throw releaseOpen({ id: last.id, state });
};

const writePlan = async (
  dataDir: string,
  planned: Omit<Release, "id" | "planned_at">,
  at: Date,
): Promise<Release> => {
  const day = at.toISOString().slice(0, 10).replaceAll("-", "");
  // Also those that a crash left without a plan.
  const numbers = (await readdir(directoryOf(dataDir))).map((name) => Number(name.split(`${day}-`)[1] ?? 0));
  const id = `${day}-${Math.max(0, ...numbers) + 1}`;
  const release: Release = { ...planned, id, planned_at: at.toISOString() };
  await mkdir(releaseDirectory(dataDir, id), { mode: 0o700 });
  const path = join(releaseDirectory(dataDir, id), "release.json");
  await replaceFile(path, `${path}.new`, JSON.stringify(release, null, 2));
  await syncDirectory(directoryOf(dataDir));
  return release;
};
