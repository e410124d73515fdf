import { type AlertManager, type AlertRecord, type Explanation, explain } from "../alerts/index.ts";
import { withTimeout } from "../core/with-timeout.ts";
import type { ErrorCount, Fleet, InstanceStart, IntervalSummary } from "../monitoring/index.ts";
import type { OperationDetails, RollbackManager } from "../rollback/index.ts";
import { type Investigation, investigate } from "../suspects/index.ts";
import { readTimeline, type TimelineEntry, type TimelineSource } from "../timeline/index.ts";

const partWithinMs = 5_000;
const minuteMs = 60_000;
const most = {
  alerts: 50,
  investigated: 10,
  operations: 20,
  starts: 100,
  errors: 30,
  timeline: 500,
} as const;

export interface IncidentSources {
  alerts: Pick<AlertManager, "history" | "explain">;
  timeline: readonly TimelineSource[];
  rollback?: Pick<RollbackManager, "listOperations" | "getOperationDetails" | "changes"> | undefined;
  fleet?: Pick<Fleet, "starts" | "errors" | "traffic"> | undefined;
}

/** The requests of one of the periods that the report compares; null if none of it was recorded. */
export interface Traffic {
  label: "before" | "during" | "after";
  from: string;
  to: string;
  summary: IntervalSummary | null;
}

/** An alert that fired in the period or went on in it. */
export interface IncidentAlert extends Explanation {
  /** Null for all but the first alerts, and if it could not be read. */
  investigation: Investigation | null;
}

/** Everything that is known about a period. Times are ISO 8601. */
export interface IncidentFacts {
  from: string;
  to: string;
  written_at: string;
  alerts: IncidentAlert[];
  operations: OperationDetails[];
  starts: InstanceStart[];
  errors: ErrorCount[];
  traffic: Traffic[];
  /** Oldest first. */
  timeline: TimelineEntry[];
  /** What could not be read, or only in part. */
  missing: string[];
}

/** @param onFailed gets the error of a part that could not be read */
export const gatherFacts = async (
  sources: IncidentSources,
  { from, to, now }: { from: Date; to: Date; now: Date },
  onFailed: (part: string, error: unknown) => void,
): Promise<IncidentFacts> => {
  const { alerts, timeline, rollback, fleet } = sources;
  const missing = new Set<string>();
  const part = async <T>(name: string, read: () => Promise<T> | undefined, otherwise: T): Promise<T> => {
    try {
      return (await withTimeout(partWithinMs, Promise.resolve(read()))) ?? otherwise;
    } catch (error) {
      onFailed(name, error);
      missing.add(name);
      return otherwise;
    }
  };
  const [records, operations, starts, errors, traffic, page] = await Promise.all([
    part("alerts", () => alertsIn(alerts, { from, to }), []),
    part("operations", () => rollback && operationsIn(rollback, { from, to }), []),
    part("starts of instances", () => fleet?.starts({ from, to, limit: most.starts }), []),
    part("errors", async () => (await fleet?.errors({ from, to }))?.errors, undefined),
    part("traffic", () => fleet && trafficAround(fleet, { from, to, now }), []),
    readTimeline(
      timeline,
      { from, to, kinds: timeline.map(({ kind }) => kind), limit: most.timeline },
      onFailed,
    ),
  ]);
  for (const kind of page.missing) missing.add(`the timeline of kind ${kind}`);
  const investigated: IncidentAlert[] = [];
  for (const [n, record] of records.entries()) {
    const { id } = record.alert;
    const investigation =
      n < most.investigated
        ? await part<Investigation | null>("suspects", () => investigate(sources, id), null)
        : null;
    investigated.push({ ...explain(record, []), investigation });
  }
  return {
    from: from.toISOString(),
    to: to.toISOString(),
    written_at: now.toISOString(),
    alerts: investigated,
    operations,
    starts,
    errors: (errors ?? []).slice(0, most.errors),
    traffic,
    timeline: page.entries.toReversed(),
    missing: [...missing],
  };
};

/** Oldest first. An alert that another instance sent has that instance's record, too, and is left to it. */
const alertsIn = async (
  alerts: IncidentSources["alerts"],
  { from, to }: { from: Date; to: Date },
): Promise<AlertRecord[]> => {
  const { alerts: known } = await alerts.history({ limit: 500, before: new Date(to.getTime() + 1) });
  const during = known.filter(
    ({ alert }) => alert.resolved_at === null || alert.resolved_at >= from.toISOString(),
  );
  const sentBy = new Map(during.map((record) => [record.alert.id, record]));
  return during
    .filter(({ decisions }) => {
      const last = decisions.at(-1);
      return last?.decision !== "told_elsewhere" || !sentBy.has(last.alert);
    })
    .toReversed()
    .slice(0, most.alerts);
};

const operationsIn = async (
  rollback: NonNullable<IncidentSources["rollback"]>,
  between: { from: Date; to: Date },
): Promise<OperationDetails[]> => {
  const found = await rollback.listOperations(most.operations, { between });
  const details: OperationDetails[] = [];
  for (const { id } of found.toReversed()) details.push(await rollback.getOperationDetails(id));
  return details;
};

/** The period, and as much time before it and after it, by whole minutes. */
const trafficAround = async (
  fleet: NonNullable<IncidentSources["fleet"]>,
  { from, to, now }: { from: Date; to: Date; now: Date },
): Promise<Traffic[]> => {
  const fromMs = Math.floor(from.getTime() / minuteMs) * minuteMs;
  const toMs = Math.max(fromMs + minuteMs, Math.floor(to.getTime() / minuteMs) * minuteMs);
  const lengthMs = toMs - fromMs;
  const endMs = Math.min(toMs + lengthMs, Math.floor(now.getTime() / minuteMs) * minuteMs);
  const periods = [
    { label: "before", fromMs: fromMs - lengthMs, toMs: fromMs },
    { label: "during", fromMs, toMs },
    ...(endMs > toMs ? [{ label: "after" as const, fromMs: toMs, toMs: endMs }] : []),
  ] as const;
  const traffic: Traffic[] = [];
  for (const period of periods) {
    const [began, ended] = [new Date(period.fromMs), new Date(period.toMs)];
    const summary = await fleet.traffic({ from: began, until: ended });
    traffic.push({ label: period.label, from: began.toISOString(), to: ended.toISOString(), summary });
  }
  return traffic;
};
