import { formatDuration } from "../alerts/index.ts";
import { escapeMarkdown, markdownTable } from "../core/markdown.ts";
import { alertSection, suspectSection } from "./alert-section.ts";
import type { ReportContext } from "./context.ts";
import type { IncidentFacts } from "./facts.ts";
import { operationSection } from "./operation-section.ts";

/** The incident report as Markdown. Text of users is escaped. */
export const incidentReport = (facts: IncidentFacts, context: ReportContext): string => {
  const { times, title } = context;
  const { from, to, alerts, operations, written_at, missing } = facts;
  return [
    `# Incident report: ${escapeMarkdown(title)}`,
    `From ${times.both(from)} to ${times.both(to)}. Written at ${times.both(written_at)}.`,
    summaryOf(facts),
    ...(missing.length > 0
      ? [`This report is incomplete. Not read: ${missing.map(escapeMarkdown).join(", ")}.`]
      : []),
    "## What fired",
    ...(alerts.length === 0 ? ["No alert fired."] : alerts.map((alert) => alertSection(alert, times))),
    "## What changed",
    ...changesOf(facts, context),
    ...(operations.length > 0
      ? ["## Operations", ...operations.flatMap((operation) => operationSection(operation, context))]
      : []),
    ...instancesOf(facts, context),
    ...suspectSection(alerts),
    ...errorsOf(facts, context),
    ...trafficOf(facts, context),
    "## Timeline",
    ...timelineOf(facts, context),
  ]
    .join("\n\n")
    .concat("\n");
};

/** What happened, in numbers, in one sentence. */
const summaryOf = ({ from, to, alerts, operations, starts, traffic }: IncidentFacts): string => {
  const critical = alerts.filter(({ alert }) => alert.severity === "critical").length;
  const firing = alerts.filter(({ alert }) => alert.state === "firing").length;
  const during = traffic.find(({ label }) => label === "during")?.summary;
  const before = traffic.find(({ label }) => label === "before")?.summary;
  const parts = [
    `${count(alerts.length, "alert")} fired${critical > 0 ? `, ${critical} of them critical` : ""}${firing > 0 ? `, and ${firing} still ${firing === 1 ? "fires" : "fire"}` : ""}`,
    ...(operations.length > 0 ? [`${count(operations.length, "operation")} ran`] : []),
    ...(starts.length > 0 ? [`${count(starts.length, "instance")} started`] : []),
    ...(during
      ? [
          `${percent(during.error_rate_percent)} of ${number(during.requests)} requests failed${before ? `, against ${percent(before.error_rate_percent)} before` : ""}`,
        ]
      : []),
  ];
  return `In ${formatDuration(Date.parse(to) - Date.parse(from))}: ${parts.join("; ")}.`;
};

const changeKinds: readonly string[] = ["operation", "instance", "mute", "release"];

const changesOf = ({ timeline }: IncidentFacts, { times }: ReportContext): string[] => {
  const changes = timeline.filter(({ kind }) => changeKinds.includes(kind));
  if (changes.length === 0) return ["Nothing changed."];
  const lines = changes.map(({ at, title, by, reason }) => {
    const who =
      by === null
        ? ""
        : ` By ${escapeMarkdown(by)}${reason === null ? "" : `: “${escapeMarkdown(reason)}”`}.`;
    return `- ${times.both(at)}: ${escapeMarkdown(title)}${who}`;
  });
  return [lines.join("\n")];
};

const instancesOf = ({ starts }: IncidentFacts, { times }: ReportContext): string[] => {
  if (starts.length === 0) return [];
  const ends = { running: "runs", stopped: "stopped", lost: "did not stop cleanly; last seen" } as const;
  const rows = starts.map(({ name, version, started_at, ended_at, state }) => [
    name,
    version,
    times.both(started_at),
    ended_at === null ? ends[state] : `${ends[state]} ${times.both(ended_at)}`,
  ]);
  return ["## Instances that started", markdownTable(["instance", "version", "started", "end"], rows)];
};

const errorsOf = ({ errors }: IncidentFacts, { times }: ReportContext): string[] => {
  if (errors.length === 0) return [];
  const rows = errors.map(({ method, route, status, code, step, count: failures, first, last }) => [
    `${method} ${route}`,
    String(status),
    code ?? "",
    step === null ? "" : String(step),
    number(failures),
    times.local(first.toISOString()),
    times.local(last.toISOString()),
  ]);
  return [
    "## Failed requests",
    "Responses of 400 and more, the most frequent first. They are kept for 72 hours.",
    markdownTable(["route", "status", "code", "step", "count", "first", "last"], rows),
  ];
};

const trafficOf = ({ traffic }: IncidentFacts, { times }: ReportContext): string[] => {
  if (traffic.length === 0) return [];
  const rows = traffic.map(({ label, from, to, summary }) => [
    label,
    times.local(from),
    times.local(to),
    ...(summary
      ? [
          number(summary.requests),
          number(summary.errors),
          percent(summary.error_rate_percent),
          `${number(summary.p95_ms)} ms`,
        ]
      : ["not recorded", "", "", ""]),
  ]);
  return ["## Traffic", markdownTable(["", "from", "to", "requests", "failed", "failure rate", "p95"], rows)];
};

const timelineOf = ({ timeline }: IncidentFacts, { times }: ReportContext): string[] => {
  if (timeline.length === 0) return ["Nothing happened."];
  const rows = timeline.map(({ at, ended_at, kind, title, severity, by, reason }) => [
    times.local(at),
    times.utc(at),
    ended_at === null ? "" : formatDuration(Date.parse(ended_at) - Date.parse(at)),
    severity === null ? kind : `${kind}, ${severity}`,
    title,
    by ?? "",
    reason ?? "",
  ]);
  return [markdownTable(["time", "UTC", "lasted", "kind", "what", "by", "reason"], rows)];
};

const count = (many: number, what: string): string => `${many} ${what}${many === 1 ? "" : "s"}`;
const number = (value: number): string => value.toLocaleString("en-GB", { maximumFractionDigits: 1 });
const percent = (value: number): string => `${value.toLocaleString("en-GB", { maximumFractionDigits: 2 })} %`;
