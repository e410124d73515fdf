import { useQuery } from "@tanstack/react-query";
import {
  type Alert,
  activeAlertsQuery,
  type Operation,
  operationsQuery,
  stepsQuery,
} from "../api/queries.ts";
import { useSession } from "../api/session.ts";
import { nameOf } from "../format.ts";
import type { IconName } from "../ui/icon.tsx";
import { doneWords } from "../ui/operation-words.ts";
import { type TimelineEntry, timelineQuery } from "./history.ts";
import type { Period, Range } from "./range.ts";
import { clip, rolledBackSpans, type Span, union } from "./spans.ts";

/** Something that changed, or an alert, as a mark on a chart. */
export interface Mark {
  id: string;
  kind: TimelineEntry["kind"];
  atMs: number;
  /** A few words, such as `26 rolled back`; empty where the icon says enough. */
  label: string;
  /** A sentence. */
  title: string;
  icon: IconName;
  tone: "plain" | "rolled-back" | Alert["severity"];
  link?: { to: "/operations/$id" | "/alerts/$id" | "/releases/$id"; params: { id: string } };
  /** User and reason. */
  more?: string;
}

/** What happened in a period, newest first, and the spans in which steps were rolled back or alerts fired. */
export interface Events {
  marks: Mark[];
  rolledBack: (Span & { step: number })[];
  alerts: (Period & { severity: Alert["severity"] })[];
  /** Kinds of events that could not be read. */
  missing: readonly string[];
}

type Look = Pick<Mark, "label" | "icon" | "tone" | "link">;

const lookOf = ({ kind, ref, title, severity }: TimelineEntry, operations: readonly Operation[]): Look => {
  if (kind === "alert") {
    const tone = severity === "info" || severity === null ? "warning" : severity;
    return {
      label: "",
      icon: tone,
      tone,
      ...(ref.alert !== undefined && { link: { to: "/alerts/$id", params: { id: ref.alert } } }),
    };
  }
  if (kind === "operation") {
    const steps = ref.steps ?? [];
    const id = String(ref.operation);
    const direction = operations.find((operation) => operation.id === id)?.kind ?? "apply";
    return {
      label: `${steps.length > 3 ? `${steps.length} steps` : steps.join(", ")} ${doneWords[direction]}`,
      icon: direction === "rollback" ? "undo" : "redo",
      tone: direction === "rollback" ? "rolled-back" : "plain",
      link: { to: "/operations/$id", params: { id } },
    };
  }
  if (kind === "mute") return { label: `${title.split(" ")[0]} muted`, icon: "muted", tone: "plain" };
  if (kind === "release") return releaseLook(ref);
  const where = ref.instance !== undefined ? ` on ${ref.instance}` : "";
  return { label: `${ref.version ?? ""}${where}`, icon: "start", tone: "plain" };
};

const milestones = { started: "starts", switched: "at 100 %", completed: "released", reverted: "is back" };

const releaseLook = ({ release = "", version = "", milestone = "started" }: TimelineEntry["ref"]): Look => ({
  label: `${version} ${milestones[milestone]}`,
  icon: milestone === "reverted" ? "undo" : "start",
  tone: milestone === "reverted" ? "rolled-back" : "plain",
  link: { to: "/releases/$id", params: { id: release } },
});

/** @param operations tell in which direction the steps moved */
export const markOf = (entry: TimelineEntry, operations: readonly Operation[]): Mark => {
  const { id, kind, at, title, by, reason } = entry;
  const more = [by === null ? "" : nameOf(by), reason === null ? "" : `“${reason}”`].filter(
    (text) => text !== "",
  );
  return { id, kind, atMs: Date.parse(at), title, more: more.join(": "), ...lookOf(entry, operations) };
};

const alertSpans = (
  entries: readonly { severity: Alert["severity"]; at: string; ended_at: string | null }[],
  period: Period,
): Events["alerts"] => {
  const spans = entries
    .map(({ severity, at, ended_at }) => ({
      severity,
      fromMs: Date.parse(at),
      toMs: ended_at === null ? period.toMs : Date.parse(ended_at),
    }))
    .filter((span) => span.toMs > period.fromMs && span.fromMs < period.toMs);
  return (["warning", "error", "critical"] as const).flatMap((severity) =>
    union(spans.filter((span) => span.severity === severity)).map((span) => ({
      severity,
      ...clip(span, period),
    })),
  );
};

/** What the server knows. The timeline has what began in the period; what began before and still lasts is elsewhere. */
export interface Known {
  entries: readonly TimelineEntry[];
  missing: readonly string[];
  operations: readonly Operation[];
  /** Those that fire now. */
  alerts: readonly Pick<Alert, "id" | "severity" | "fired_at">[];
  /** The steps that are rolled back now. */
  rolledBack: readonly number[];
}

export const eventsOf = (
  { entries, missing, operations, alerts, rolledBack }: Known,
  period: Period,
): Events => {
  const begun = entries.filter(({ kind }) => kind === "alert");
  const ids = new Set(begun.map(({ ref }) => ref.alert));
  const before = alerts.filter(({ id }) => !ids.has(id));
  return {
    marks: entries.map((entry) => markOf(entry, operations)),
    rolledBack: rolledBackSpans(operations, rolledBack, period),
    alerts: alertSpans(
      [
        ...begun.map(({ severity, at, ended_at }) => ({
          severity: severity === "info" || severity === null ? ("warning" as const) : severity,
          at,
          ended_at,
        })),
        ...before.map(({ severity, fired_at }) => ({ severity, at: fired_at, ended_at: null })),
      ],
      period,
    ),
    missing,
  };
};

/** What happened in a period, as far as the service keeps it. */
export const useEvents = (range: Range, period: Period): Events => {
  const { rollback } = useSession().features;
  const timeline = useQuery(timelineQuery(range));
  const operations = useQuery({ ...operationsQuery, enabled: rollback });
  const steps = useQuery({ ...stepsQuery, enabled: rollback });
  const alerts = useQuery(activeAlertsQuery);
  return eventsOf(
    {
      entries: timeline.data?.entries ?? [],
      missing: timeline.data?.missing ?? [],
      operations: operations.data?.operations ?? [],
      alerts: alerts.data?.alerts ?? [],
      rolledBack: (steps.data?.steps ?? [])
        .filter(({ state }) => state === "rolled_back")
        .map(({ step }) => step),
    },
    period,
  );
};
