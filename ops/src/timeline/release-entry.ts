import { type Milestone, milestoneId } from "../deployment/index.ts";
import type { TimelineEntry } from "./entry.ts";

export const releaseEntry = (milestone: Milestone): TimelineEntry => {
  const { kind, release, at, ended_at, from, to, by, reason, is_stuck } = milestone;
  const isByItself = kind === "reverted" && by === null;
  return {
    id: `release:${milestoneId(milestone)}`,
    kind: "release",
    at,
    ended_at,
    title: titleOf({ kind, release, from, to, ended_at, is_stuck }),
    severity: is_stuck ? "critical" : isByItself ? "error" : null,
    by,
    reason,
    ref: { release, version: kind === "reverted" ? from : to, milestone: kind },
  };
};

const titleOf = ({
  kind,
  release,
  from,
  to,
  ended_at,
  is_stuck,
}: Pick<Milestone, "kind" | "release" | "from" | "to" | "ended_at" | "is_stuck">): string => {
  if (kind === "started") return `Release ${release} of version ${to} started.`;
  if (kind === "switched") return `Release ${release} moved all clients to version ${to}.`;
  if (kind === "completed") return `Release ${release} of version ${to} was completed.`;
  if (is_stuck) return `The revert of release ${release} to version ${from} is stuck.`;
  return ended_at === null
    ? `Release ${release} is being reverted to version ${from}.`
    : `Release ${release} was reverted to version ${from}.`;
};
