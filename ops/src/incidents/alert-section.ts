import { formatDuration } from "../alerts/index.ts";
import { escapeMarkdown } from "../core/markdown.ts";
import type { IncidentAlert } from "./facts.ts";
import type { ReportTimes } from "./times.ts";

/** When an alert fired and ended, who was notified, and who acknowledged it. */
export const alertSection = (
  { alert, instance, decisions, channels }: IncidentAlert,
  times: ReportTimes,
): string => {
  const { type, key, severity, message, fired_at, resolved_at, acknowledged } = alert;
  const lasted = resolved_at === null ? 0 : Date.parse(resolved_at) - Date.parse(fired_at);
  const notified = channels.map(({ channel, why }) => `${channel}: ${why}`);
  const because = decisions.at(-1)?.why ?? "no decision is known";
  const note = acknowledged?.note ? `: “${escapeMarkdown(acknowledged.note)}”` : "";
  return [
    `### ${severity}: ${escapeMarkdown(message)}`,
    [
      `- Alert: ${escapeMarkdown(key === "" ? type : `${type}, ${key}`)}, raised by ${escapeMarkdown(instance)}`,
      `- Fired: ${times.both(fired_at)}`,
      resolved_at === null
        ? "- Still firing"
        : `- Resolved: ${times.both(resolved_at)}, after ${formatDuration(lasted)}`,
      `- Notified: ${escapeMarkdown(notified.length > 0 ? notified.join("; ") : `nobody (${because})`)}`,
      acknowledged
        ? `- Acknowledged by ${escapeMarkdown(acknowledged.by)} at ${times.both(acknowledged.at)}${note}`
        : "- Not acknowledged",
    ].join("\n"),
  ].join("\n\n");
};

/** The suspects of each alert that has some, with their evidence. */
export const suspectSection = (alerts: readonly IncidentAlert[]): string[] => {
  const sections = alerts.flatMap(({ alert, investigation }) => {
    const suspects = investigation?.suspects ?? [];
    if (suspects.length === 0) return [];
    const lines = suspects.map(({ evidence }) => `- ${evidence.map(escapeMarkdown).join(" ")}`);
    return [`### Before: ${escapeMarkdown(alert.message)}`, lines.join("\n")];
  });
  if (sections.length === 0) return [];
  return [
    "## Suspects",
    "What happened near the beginning of an alert. None of it is a proven cause.",
    ...sections,
  ];
};
