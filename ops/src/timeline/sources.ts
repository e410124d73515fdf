import { type AlertManager, describeScope, formatDuration, type PastMute } from "../alerts/index.ts";
import type { Clock } from "../core/clock.ts";
import type { PeriodPage } from "../database/period-page.ts";
import type { ReleaseHistory } from "../deployment/index.ts";
import type { Fleet, InstanceStart } from "../monitoring/index.ts";
import type { RollbackManager, RollbackOperation } from "../rollback/index.ts";
import { describeMove, nameSteps, operationNouns } from "../suspects/index.ts";
import type { TimelineEntry, TimelineKind } from "./entry.ts";
import { releaseEntry } from "./release-entry.ts";

/** Where the entries of a kind come from. */
export interface TimelineSource {
  kind: TimelineKind;
  /** Reads a page, newest first; `before.id` is an id without its kind. */
  read(page: PeriodPage): Promise<{ entries: TimelineEntry[]; isComplete: boolean }>;
}

export interface TimelineParts {
  alerts: Pick<AlertManager, "alertsBegun" | "mutesBegun">;
  /** Without it, there are no operations. */
  rollback?: Pick<RollbackManager, "operationsBegun"> | undefined;
  /** Without it, there are no starts of instances. */
  fleet?: Pick<Fleet, "starts"> | undefined;
  /** Without it, there are no releases. */
  releases?: Pick<ReleaseHistory, "milestones"> | undefined;
  clock: Clock;
}

/** The sources that a service has. */
export const timelineSources = ({
  alerts,
  rollback,
  fleet,
  releases,
  clock,
}: TimelineParts): TimelineSource[] => [
  {
    kind: "alert",
    read: async (page) => {
      const { entries, isComplete } = await alerts.alertsBegun(page);
      return { entries: entries.map(alertEntry), isComplete };
    },
  },
  {
    kind: "mute",
    read: async (page) => {
      const { entries, isComplete } = await alerts.mutesBegun(page);
      return { entries: entries.map((mute) => muteEntry(mute, clock.now().toISOString())), isComplete };
    },
  },
  ...(rollback
    ? [complete("operation", async (page) => (await rollback.operationsBegun(page)).map(operationEntry))]
    : []),
  ...(fleet ? [complete("instance", async (page) => (await fleet.starts(page)).map(instanceEntry))] : []),
  ...(releases
    ? [
        {
          kind: "release" as const,
          read: async (page: PeriodPage) => {
            const { milestones, isComplete } = await releases.milestones(page);
            return { entries: milestones.map(releaseEntry), isComplete };
          },
        },
      ]
    : []),
];

const complete = (
  kind: TimelineKind,
  read: (page: PeriodPage) => Promise<TimelineEntry[]>,
): TimelineSource => ({ kind, read: async (page) => ({ entries: await read(page), isComplete: true }) });

type AlertEntries = Awaited<ReturnType<AlertManager["alertsBegun"]>>["entries"];

const alertEntry = ({
  id,
  message,
  severity,
  fired_at,
  resolved_at,
}: AlertEntries[number]): TimelineEntry => ({
  id: `alert:${id}`,
  kind: "alert",
  at: fired_at,
  ended_at: resolved_at,
  title: message,
  severity,
  by: null,
  reason: null,
  ref: { alert: id },
});

const muteEntry = (mute: PastMute, now: string): TimelineEntry => {
  const { id, author, reason, muted_at, until, ended_at, ended_by } = mute;
  const end = ended_at !== null && ended_at < until ? ended_at : until;
  const last = (to: string) => formatDuration(Date.parse(to) - Date.parse(muted_at));
  const early = end === until ? "" : ` ${ended_by} ended the mute after ${last(end)}.`;
  const alerts = mute.type === "ALL" ? "All alerts" : `${describeScope(mute)} alerts`;
  return {
    id: `mute:${id}`,
    kind: "mute",
    at: muted_at,
    ended_at: end <= now ? end : null,
    title: `${alerts} were muted for ${last(until)}.${early}`,
    severity: null,
    by: author,
    reason,
    ref: {},
  };
};

const ends = {
  running: "is running",
  failed: "failed",
  interrupted: "was interrupted",
  aborted: "was aborted",
} as const;

const operationEntry = (operation: RollbackOperation): TimelineEntry => {
  const { id, kind, steps, state, started_at, finished_at, requested_by, reason } = operation;
  const isBroken = state === "failed" || state === "interrupted";
  return {
    id: `operation:${id}`,
    kind: "operation",
    at: started_at,
    ended_at: finished_at,
    title:
      state === "completed"
        ? `${describeMove(kind, steps)}.`
        : `The ${operationNouns[kind]} of ${nameSteps(steps)} ${ends[state]}.`,
    severity: isBroken ? "error" : null,
    by: requested_by,
    reason,
    ref: { operation: Number(id), steps },
  };
};

const instanceEntry = ({ id, name, version, started_at, ended_at, state }: InstanceStart): TimelineEntry => {
  const lost =
    state === "lost" && ended_at !== null
      ? ` It did not stop cleanly: it was last seen ${formatDuration(Date.parse(ended_at) - Date.parse(started_at))} later.`
      : "";
  return {
    id: `instance:${id}`,
    kind: "instance",
    at: started_at,
    ended_at,
    title: `Instance ${name} started with version ${version}.${lost}`,
    severity: state === "lost" ? "warning" : null,
    by: null,
    reason: null,
    ref: { instance: name, version },
  };
};
