import { escapeMarkdown } from "../../core/markdown.ts";
import type { CheckResult, PreflightReport } from "./run.ts";

const verdicts = { go: "GO", no_go: "NO-GO", unknown: "UNKNOWN" } as const;

/** The verdict for people; a waived one names that. */
export const verdictText = ({ verdict, waived }: Pick<CheckResult, "verdict" | "waived">): string =>
  waived ? `${verdicts[verdict]}, waived` : verdicts[verdict];

/** The report of a preflight, for a ticket or an archive. */
export const markdownReport = (report: PreflightReport): string => {
  const { verdict, checked_at, valid_until, counts, checks } = report;
  return `# Preflight: ${verdicts[verdict]}

Checked at ${checked_at}, valid until ${valid_until}. ${counts.go} GO, ${counts.no_go} NO-GO, ${counts.unknown} UNKNOWN,
${counts.waived} waived.

| check | verdict | evidence | remedy | valid until |
| --- | --- | --- | --- | --- |
${checks.map(row).join("\n")}
`;
};

const row = (check: CheckResult): string => {
  const waived = check.waived ? ` Waived by ${check.waived.by}: ${check.waived.reason}` : "";
  const cells = [
    `${check.number} ${check.name}`,
    verdictText(check),
    check.evidence + waived,
    check.remedy ?? "",
    check.valid_until,
  ];
  return `| ${cells.map(escapeMarkdown).join(" | ")} |`;
};
