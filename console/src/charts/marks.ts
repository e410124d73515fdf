import { useQuery } from "@tanstack/react-query";
import {
  type Alert,
  alertHistoryQuery,
  type Operation,
  operationsQuery,
  stepsQuery,
} from "../api/queries.ts";
import { useSession } from "../api/session.ts";
import { nameOf } from "../format.ts";
import type { IconName } from "../ui/icon.tsx";
import { doneWords } from "../ui/operation-words.ts";
import type { Period } from "./range.ts";
import { clip, rolledBackSpans, type Span, union } from "./spans.ts";

/** Something that changed, or an alert, as a mark on a chart. */
export interface Mark {
  id: string;
  atMs: number;
  /** A few words, such as `26 rolled back`; empty where the icon says enough. */
  label: string;
  /** A sentence. */
  title: string;
  icon: IconName;
  tone: "plain" | "rolled-back" | Alert["severity"];
  link?: { to: "/operations/$id" | "/alerts/$id"; params: { id: string } };
  /** User and reason. */
  more?: string;
}

/** What happened in a period: marks, and the spans in which steps were rolled back or alerts fired. */
export interface Events {
  marks: Mark[];
  rolledBack: (Span & { step: number })[];
  alerts: (Period & { severity: Alert["severity"] })[];
}

export const operationMark = (operation: Operation): Mark => {
  const { id, kind, steps, started_at, requested_by, reason } = operation;
  const which = steps.length > 3 ? `${steps.length} steps` : steps.join(", ");
  return {
    id: `operation:${id}`,
    atMs: Date.parse(started_at),
    label: `${which} ${doneWords[kind]}`,
    title: `${steps.length === 1 ? "Step" : "Steps"} ${steps.join(", ")} ${doneWords[kind]}`,
    icon: kind === "rollback" ? "undo" : "redo",
    tone: kind === "rollback" ? "rolled-back" : "plain",
    link: { to: "/operations/$id", params: { id } },
    more: `${nameOf(requested_by)}${reason ? `: “${reason}”` : ""}`,
  };
};

const alertMark = ({ id, severity, message, fired_at }: AlertEntry): Mark => ({
  id: `alert:${id}`,
  atMs: Date.parse(fired_at),
  label: "",
  title: message,
  icon: severity,
  tone: severity,
  link: { to: "/alerts/$id", params: { id } },
});

type AlertEntry = Pick<Alert, "id" | "severity" | "message" | "fired_at"> & { resolved_at: string | null };

/** @param known the steps that are rolled back now, and what the server knows of operations and alerts */
export const eventsOf = (
  {
    operations,
    alerts,
    rolledBack,
  }: { operations: readonly Operation[]; alerts: readonly AlertEntry[]; rolledBack: readonly number[] },
  period: Period,
): Events => {
  const { fromMs, toMs } = period;
  const marks = [...operations.map(operationMark), ...alerts.map(alertMark)];
  const spans = alerts
    .map(({ severity, fired_at, resolved_at }) => ({
      severity,
      fromMs: Date.parse(fired_at),
      toMs: resolved_at === null ? toMs : Date.parse(resolved_at),
    }))
    .filter((span) => span.toMs > fromMs && span.fromMs < toMs);
  return {
    marks: marks.filter(({ atMs }) => atMs >= fromMs && atMs <= toMs).sort((a, b) => b.atMs - a.atMs),
    rolledBack: rolledBackSpans(operations, rolledBack, period),
    alerts: (["warning", "error", "critical"] as const).flatMap((severity) =>
      union(spans.filter((span) => span.severity === severity)).map((span) => ({
        severity,
        ...clip(span, period),
      })),
    ),
  };
};

/** What happened in a period, as far as the service keeps it. */
export const useEvents = (period: Period): Events => {
  const { rollback } = useSession().features;
  const operations = useQuery({ ...operationsQuery, enabled: rollback });
  const steps = useQuery({ ...stepsQuery, enabled: rollback });
  const alerts = useQuery(alertHistoryQuery);
  return eventsOf(
    {
      operations: operations.data?.operations ?? [],
      alerts: alerts.data?.alerts ?? [],
      rolledBack: (steps.data?.steps ?? [])
        .filter(({ state }) => state === "rolled_back")
        .map(({ step }) => step),
    },
    period,
  );
};
