import { z } from "zod";
import type { JournalEntry } from "../release/journal.ts";
import type { Release } from "../release/release.ts";
import { replay } from "../release/replay.ts";
import { type ReleaseReport, releaseReportSchema, reportOf } from "../release/report.ts";
import {
  type CommandName,
  commandNameSchema,
  forwardStates,
  isAllowed,
  type ReleaseState,
  statesOf,
} from "../release/state.ts";
import { personBehind } from "./milestones.ts";
import { releaseFilesSchema } from "./release-files.ts";
import { trafficMovesOf } from "./traffic-moves.ts";

const forwardStateSchema = z.enum(forwardStates);

const standing = {
  stage: forwardStateSchema.describe("The forward state that the release was in last."),
  outage: z
    .boolean()
    .describe("Whether it is held only until something outside, such as the database, is back."),
  by_trigger: z
    .boolean()
    .describe("Whether the release is held, reverted or stuck by itself, and not by a person's command."),
  new_percent: z.number().describe("The share of clients that the new version has, in percent."),
};

/** A release as it is listed. */
export const releaseSummarySchema = releaseReportSchema.omit({ events: true }).extend(standing);
export type ReleaseSummary = z.infer<typeof releaseSummarySchema>;

/** A release with everything that is known about it. */
export const releaseDetailsSchema = releaseReportSchema.extend({
  ...standing,
  ...releaseFilesSchema.shape,
  states: z.array(forwardStateSchema).describe("The states that the release passes, in order."),
  actions: z
    .array(z.object({ action: commandNameSchema, refused: z.string().nullable() }))
    .describe("What people can tell it to do, or why they cannot now."),
  conducted: z.boolean().describe("Whether a process conducts it now."),
});
export type ReleaseDetails = z.infer<typeof releaseDetailsSchema>;

/** What the live stream says of the newest release. */
export const releaseBriefOf = (
  { id, state, stage, since, because, outage, by_trigger, new_percent, from, to }: ReleaseSummary,
  revision: string,
) => ({
  ...{ id, state, stage, since, because, outage, by_trigger, new_percent },
  from: from.artefact.version,
  to: to.artefact.version,
  /** Another one after each change of the journal, and of what is found about the release. */
  revision,
});
export type ReleaseBrief = ReturnType<typeof releaseBriefOf>;

/** A release with what its journal says. */
export const standingReportOf = (
  release: Release,
  entries: readonly JournalEntry[],
): ReleaseReport & ReleaseSummary => {
  const { stage, outage } = replay(entries);
  const report = reportOf(release, entries);
  return {
    ...report,
    stage,
    outage,
    by_trigger: isByTrigger(report.state, entries),
    new_percent: trafficMovesOf(entries).at(-1)?.percent ?? 0,
  };
};

const stopped: ReadonlySet<ReleaseState> = new Set(["held", "reverting", "reverted", "stuck"]);

const isByTrigger = (state: ReleaseState, entries: readonly JournalEntry[]): boolean => {
  if (!stopped.has(state)) return false;
  // What follows a revert has its cause: the last state of the run that began it counts.
  const wanted = state === "held" ? "held" : "reverting";
  const cause = entries.findLast((entry) => entry.type === "state" && entry.state === wanted);
  if (cause?.type !== "state") return true;
  return cause.reason !== "resumed" && personBehind(cause, entries) === null;
};

/** Every command, with the reason why a release in this state does not take it. */
export const actionsIn = (state: ReleaseState): { action: CommandName; refused: string | null }[] =>
  commandNameSchema.options.map((action) => ({
    action,
    refused: isAllowed(action, state)
      ? null
      : `The release is ${state}: it cannot take the command ${action}.`,
  }));

export const statesFor = ({ strategy }: Pick<Release, "strategy">) => statesOf(strategy);
