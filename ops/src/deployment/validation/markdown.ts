import { escapeMarkdown } from "../../core/markdown.ts";
import type { CheckReport, ValidationReport } from "./report.ts";

/** The validation as a section of a report in Markdown; empty before its first look. Times are UTC. */
export const validationMarkdown = (report: ValidationReport): string => {
  if (report.length === 0) return "";
  const rows = report.flatMap(({ phase, verdict, began_at, at, ended, checks }) => [
    `| **${escapeMarkdown(phase)}** | **${verdict}** | ${ended ? `Ended at ${at}` : `Goes on, last look at ${at}`}; began at ${began_at} |`,
    ...checks.map(row),
  ]);
  return `## Validation

| Phase, check | Verdict | Evidence |
| --- | --- | --- |
${rows.join("\n")}
`;
};

const row = ({ name, verdict, evidence, accepted }: CheckReport): string =>
  `| ${escapeMarkdown(name)} | ${accepted ? "accepted" : verdict} | ${escapeMarkdown(evidence)} |`;
