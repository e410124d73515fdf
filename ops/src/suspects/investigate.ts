import type { Alert, AlertManager } from "../alerts/index.ts";
import type { ReleaseHistory } from "../deployment/index.ts";
import type { Fleet } from "../monitoring/index.ts";
import type { Change, RollbackManager, RollbackOperation } from "../rollback/index.ts";
import { effectsOn } from "./evidence.ts";
import { type Suspect, suspectsOf } from "./suspects.ts";

const hourMs = 3_600_000;
const longestLookBackMs = 3 * 24 * hourMs;
const mostOperations = 50;
/** A crash loop has more starts in its time than anybody reads. */
const mostStarts = 1_000;

export interface SuspectSources {
  alerts: Pick<AlertManager, "explain">;
  /** Without it, no operations are suspects. */
  rollback?: Pick<RollbackManager, "listOperations" | "changes"> | undefined;
  /** Without it, no starts of instances are suspects. */
  fleet?: Pick<Fleet, "starts"> | undefined;
  /** Without it, no releases are suspects. */
  releases?: Pick<ReleaseHistory, "trafficMoves"> | undefined;
}

/** What an alert may have to do with, and the time that was considered (ISO 8601). */
export interface Investigation {
  from: string;
  to: string;
  suspects: Suspect[];
}

/**
 * Lists operations, starts of instances and releases near the beginning of an alert, and steps that affect it and were
 * rolled back all the time.
 *
 * @throws Failure EB_ALERT_UNKNOWN
 */
export const investigate = async (
  { alerts, rollback, fleet, releases }: SuspectSources,
  id: string,
): Promise<Investigation> => {
  const { alert, instance: raisedBy } = await alerts.explain(id);
  const to = new Date(alert.fired_at);
  const from = new Date(beginningOf(alert) - hourMs);
  const changes = rollback?.changes ?? [];
  const recent = (await rollback?.listOperations(mostOperations, { between: { from, to } })) ?? [];
  const standing = rollback ? await stillRolledBack({ rollback, alert, recent, from }) : [];
  const starts = (await fleet?.starts({ from, to, limit: mostStarts })) ?? [];
  const earlier = starts.length > 0 ? await fleet?.starts({ ...before(from), limit: mostStarts }) : [];
  const situation = {
    alert,
    raisedBy,
    changes,
    operations: recent,
    standing,
    starts,
    earlier: earlier ?? [],
    moves: (await releases?.trafficMoves({ from, to })) ?? [],
    from,
  };
  return { from: from.toISOString(), to: to.toISOString(), suspects: suspectsOf(situation) };
};

/**
 * When the symptoms began, in milliseconds: a rule may have failed for a while before it fired, and an objective counts
 * the requests of hours.
 */
export const beginningOf = ({ fired_at, details }: Pick<Alert, "fired_at" | "details">): number => {
  const firedMs = Date.parse(fired_at);
  const sinceMs = Date.parse(String(details.failing_since));
  const failingMs = Number.isNaN(sinceMs) ? firedMs : Math.min(firedMs, sinceMs);
  const windowMs = typeof details.window_minutes === "number" ? details.window_minutes * 60_000 : 0;
  return Math.max(failingMs - windowMs, firedMs - longestLookBackMs);
};

const before = (from: Date) => ({
  from: new Date(from.getTime() - 90 * 24 * hourMs),
  to: new Date(from.getTime() - 1),
});

/** The rollbacks from before the time considered whose steps affect the alert and have not moved since. */
const stillRolledBack = async ({
  rollback,
  alert,
  recent,
  from,
}: {
  rollback: Pick<RollbackManager, "listOperations" | "changes">;
  alert: Pick<Alert, "type" | "details">;
  recent: readonly RollbackOperation[];
  from: Date;
}): Promise<RollbackOperation[]> => {
  const isUntouched = ({ step }: Pick<Change, "step">) =>
    recent.every(({ state, steps }) => state !== "completed" || !steps.includes(step));
  const affecting = rollback.changes.filter(
    (change) => effectsOn(alert, { kind: "reapply" }, [change]).length > 0 && isUntouched(change),
  );
  const found = new Map<string, RollbackOperation>();
  for (const { step } of affecting) {
    const moves = await rollback.listOperations(mostOperations, {
      step,
      between: { from: new Date(0), to: from },
    });
    const last = moves.find(({ state }) => state === "completed");
    if (last?.kind === "rollback" && (last.finished_at ?? "") < from.toISOString()) found.set(last.id, last);
  }
  return [...found.values()];
};
