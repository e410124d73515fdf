import { createHash } from "node:crypto";
import { stat } from "node:fs/promises";
import { join } from "node:path";
import type { Clock } from "../../core/clock.ts";
import { isWithin, type PeriodPage } from "../../database/period-page.ts";
import { type JournalEntry, readJournal } from "../release/journal.ts";
import { leaseHolder } from "../release/lease.ts";
import {
  journalFile,
  listReleases,
  type Release,
  readRelease,
  releaseDirectory,
} from "../release/release.ts";
import { type Milestone, milestonesOf } from "./milestones.ts";
import { readReleaseFiles, releaseFileNames } from "./release-files.ts";
import {
  actionsIn,
  type ReleaseBrief,
  type ReleaseDetails,
  type ReleaseSummary,
  releaseBriefOf,
  standingReportOf,
  statesFor,
} from "./release-view.ts";
import { type TrafficMove, trafficMovesOf } from "./traffic-moves.ts";

const settledAfterMs = 5_000;

/** A move of traffic, with the release that made it. */
export interface ReleaseMove extends TrafficMove {
  release: string;
  from: string;
  to: string;
  requested_by: string;
  reason: string;
}

/** The releases in a data directory, as people see them. Reads only files, so it works while the database is away. */
export class ReleaseHistory {
  readonly #dataDir: string;
  readonly #clock: Clock;
  /** Journals by release; valid while time and size of the file are the same. */
  readonly #journals = new Map<string, { stamp: string; entries: JournalEntry[] }>();
  #newest: { directoryMs: number; release: Release | undefined } | undefined;
  #brief: { stamp: string; brief: ReleaseBrief } | undefined;

  constructor({ dataDir, clock }: { dataDir: string; clock: Clock }) {
    this.#dataDir = dataDir;
    this.#clock = clock;
  }

  /** All releases, newest first. */
  async list(): Promise<ReleaseSummary[]> {
    const releases = await listReleases(this.#dataDir);
    return Promise.all(
      releases.map(async (release) => standingReportOf(release, await this.#entriesOf(release.id))),
    );
  }

  /** @throws Failure EB_RELEASE_UNKNOWN, EB_RELEASE_JOURNAL_DAMAGED */
  async details(id: string): Promise<ReleaseDetails> {
    const { release } = await readRelease(this.#dataDir, id);
    const directory = releaseDirectory(this.#dataDir, id);
    const [entries, files, holder] = await Promise.all([
      this.#entriesOf(id),
      readReleaseFiles(directory, this.#clock),
      leaseHolder(directory, this.#clock),
    ]);
    const report = standingReportOf(release, entries);
    return {
      ...report,
      ...files,
      states: statesFor(release),
      actions: actionsIn(report.state),
      conducted: holder !== undefined,
    };
  }

  /** The newest release, or null without any. Costs a few looks at files while nothing has changed. */
  async newest(): Promise<ReleaseBrief | null> {
    const release = await this.#newestPlan();
    if (!release) return null;
    const directory = releaseDirectory(this.#dataDir, release.id);
    const stamps = await Promise.all(releaseFileNames.map((name) => stampOf(join(directory, name))));
    const stamp = [release.id, ...stamps].join(" ");
    if (this.#brief?.stamp === stamp) return this.#brief.brief;
    const summary = standingReportOf(release, await this.#entriesOf(release.id));
    const brief = releaseBriefOf(
      summary,
      createHash("sha256").update(stamp).digest("base64url").slice(0, 16),
    );
    this.#brief = { stamp, brief };
    return brief;
  }

  /** The milestones of all releases on a page of a period, newest first; incomplete if a journal is damaged. */
  async milestones(page: PeriodPage): Promise<{ milestones: Milestone[]; isComplete: boolean }> {
    const { found, isComplete } = await this.#each((release, entries) => milestonesOf(release, entries));
    const milestones = found
      .filter((each) => isWithin(page, each.at, milestoneId(each)))
      .toSorted((a, b) => b.at.localeCompare(a.at) || milestoneId(b).localeCompare(milestoneId(a), "en"))
      .slice(0, page.limit);
    return { milestones, isComplete };
  }

  /** The moves of traffic in a period, newest first; without those of releases whose journal is damaged. */
  async trafficMoves({ from, to }: { from: Date; to: Date }): Promise<ReleaseMove[]> {
    const { found } = await this.#each((release, entries) =>
      trafficMovesOf(entries).map((move) => ({
        ...move,
        release: release.id,
        from: release.from.artefact.version,
        to: release.to.artefact.version,
        requested_by: release.requested_by,
        reason: release.reason,
      })),
    );
    return found
      .filter(({ at }) => Date.parse(at) >= from.getTime() && Date.parse(at) <= to.getTime())
      .toSorted((a, b) => Date.parse(b.at) - Date.parse(a.at));
  }

  /** Read anew only if a release was added: plans never change. */
  async #newestPlan(): Promise<Release | undefined> {
    const directoryMs = await stat(releaseDirectory(this.#dataDir, ".")).then(
      ({ mtimeMs }) => mtimeMs,
      () => 0,
    );
    if (this.#newest?.directoryMs === directoryMs) return this.#newest.release;
    const [release] = await listReleases(this.#dataDir);
    // The plan of a release is written a moment after its directory, which does not change again.
    const isSettled = this.#clock.now().getTime() - directoryMs > settledAfterMs;
    if (isSettled) this.#newest = { directoryMs, release };
    return release;
  }

  /** Reads something of every release. A damaged journal hides no other. */
  async #each<T>(
    read: (release: Release, entries: readonly JournalEntry[]) => T[],
  ): Promise<{ found: T[]; isComplete: boolean }> {
    const releases = await listReleases(this.#dataDir);
    const parts = await Promise.allSettled(
      releases.map(async (release) => read(release, await this.#entriesOf(release.id))),
    );
    const isComplete = parts.every(({ status }) => status === "fulfilled");
    return { found: parts.flatMap((part) => (part.status === "fulfilled" ? part.value : [])), isComplete };
  }

  async #entriesOf(id: string): Promise<JournalEntry[]> {
    const file = journalFile(this.#dataDir, id);
    const stamp = await stampOf(file);
    const known = this.#journals.get(id);
    if (known?.stamp === stamp) return known.entries;
    const entries = await readJournal(file);
    this.#journals.set(id, { stamp, entries });
    return entries;
  }
}

/** Unique among all milestones, without a colon. */
export const milestoneId = ({ release, kind }: Pick<Milestone, "release" | "kind">): string =>
  `${release}-${kind}`;

const stampOf = (file: string): Promise<string> =>
  stat(file).then(
    ({ mtimeMs, size }) => `${mtimeMs}/${size}`,
    () => "",
  );
