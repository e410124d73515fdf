import { escapeMarkdown } from "../../core/markdown.ts";
import { markdownReport } from "../preflight/markdown.ts";
import { reportMarkdown } from "../release/report.ts";
import { validationMarkdown } from "../validation/index.ts";
import type { ReleaseDetails } from "./release-view.ts";

/** A release with everything that is known about it, for a ticket or a review. Times are UTC. */
export const releaseMarkdown = (details: ReleaseDetails): string =>
  [
    reportMarkdown(details),
    details.preflight && markdownReport(details.preflight).replace(/^# /, "## "),
    details.rehearsal &&
      section("Rehearsal", [
        `${details.rehearsal.ok ? "Passed" : "Failed"}: ${escapeMarkdown(details.rehearsal.evidence)}`,
      ]),
    details.judge && section(`Judge: ${details.judge.verdict}`, details.judge.evidence.map(escapeMarkdown)),
    details.validation && validationMarkdown(details.validation),
  ]
    .filter(Boolean)
    .join("\n");

const section = (title: string, lines: readonly string[]): string =>
  `## ${title}\n\n${lines.map((line) => `- ${line}`).join("\n")}\n`;
