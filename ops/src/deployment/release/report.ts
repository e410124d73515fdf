import { z } from "zod";
import { escapeMarkdown } from "../../core/markdown.ts";
import { type JournalEntry, journalEntrySchema } from "./journal.ts";
import { type Release, releaseSchema } from "./release.ts";
import { replay } from "./replay.ts";
import { isMovement } from "./stage.ts";
import { releaseStateSchema } from "./state.ts";

const actReportSchema = z.object({
  act: z.string(),
  state: z.enum(["begun", "done", "undoing", "undone"]),
  /** Of the last attempt; null while it runs. */
  duration_ms: z.number().nullable(),
  evidence: z.string().nullable(),
});

export const releaseReportSchema = releaseSchema.extend({
  state: releaseStateSchema,
  /** When the release entered the state. */
  since: z.iso.datetime(),
  /** Why it is in this state; null if it went on by itself. */
  because: z.string().nullable(),
  /** From the first clients on the new version to the decision to take it back; null if it was not, or they never were. */
  detected_ms: z.number().nullable(),
  acts: z.array(actReportSchema),
  events: z.array(journalEntrySchema),
});
/** A release without its events. */
export const releaseSummarySchema = releaseReportSchema.omit({ events: true });

/** A release with all that has happened. */
export type ReleaseReport = z.infer<typeof releaseReportSchema>;

export const reportOf = (release: Release, entries: readonly JournalEntry[]): ReleaseReport => {
  const { state, reason, acts, since } = replay(entries);
  const outcomes = new Map(
    entries.flatMap((entry) => (entry.type === "outcome" ? [[entry.act, entry] as const] : [])),
  );
  return {
    ...release,
    state,
    since: since?.toISOString() ?? release.planned_at,
    because: reason,
    detected_ms: detectedMs(entries),
    acts: [...acts].map(([act, reached]) => {
      const isOver = reached === "done" || reached === "undone";
      const { duration_ms = null, evidence = null } = outcomes.get(act) ?? {};
      return { act, state: reached, duration_ms: isOver ? duration_ms : null, evidence };
    }),
    events: [...entries],
  };
};

const detectedMs = (entries: readonly JournalEntry[]): number | null => {
  const isFirstTraffic = (entry: JournalEntry) =>
    entry.type === "outcome" && entry.direction === "do" && entry.ok && isMovement(entry.act);
  const from = entries.find(isFirstTraffic);
  const decided = entries.find((entry) => entry.type === "state" && entry.state === "reverting");
  const ms = from && decided ? Date.parse(decided.at) - Date.parse(from.at) : -1;
  return ms < 0 ? null : ms;
};

/** The report as Markdown, for a ticket or a postmortem. Times are UTC. */
export const reportMarkdown = (report: ReleaseReport): string => {
  const { id, state, because, detected_ms, from, to, strategy, steps, requested_by, reason, events } = report;
  const lines = events.flatMap((entry): string[] => {
    const row = (what: string, detail: string) => [
      `| ${entry.at} | ${escapeMarkdown(what)} | ${escapeMarkdown(detail)} |`,
    ];
    if (entry.type === "state") return row(entry.state, entry.reason ?? "");
    if (entry.type === "command") return row(`${entry.command} by ${entry.by}`, entry.reason);
    if (entry.type === "intent") return [];
    const way = entry.direction === "do" ? entry.act : `${entry.act}, taken back`;
    return row(entry.ok ? way : `${way}: failed`, `${entry.evidence} (${entry.duration_ms} ms)`);
  });
  const numbers = (list: readonly number[]) => (list.length > 0 ? list.join(", ") : "none");
  return `# Release ${id}: ${state}

${because ? `${escapeMarkdown(because)}\n\n` : ""}- Version ${escapeMarkdown(from.artefact.version)} to ${escapeMarkdown(to.artefact.version)}, ${strategy}, ${from.slot} to ${to.slot}
- Steps before the switch: ${numbers(steps.before)}; after: ${numbers(steps.after)}
- Artefact: ${to.artefact.sha256 ? `SHA-256 ${to.artefact.sha256}` : "a working copy"}
- Requested by ${escapeMarkdown(requested_by)}: ${escapeMarkdown(reason)}${detected_ms === null ? "" : `\n- Taken back ${detected_ms / 1_000} s after its first clients`}

| Time (UTC) | Event | Evidence |
| --- | --- | --- |
${lines.join("\n")}
`;
};
