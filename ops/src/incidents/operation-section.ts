import { formatDuration } from "../alerts/index.ts";
import { escapeMarkdown, markdownTable } from "../core/markdown.ts";
import type { OperationDetails, StepReport } from "../rollback/index.ts";
import { nameSteps, operationNouns } from "../suspects/index.ts";
import type { ReportContext } from "./context.ts";

/** An operation with the receipt of each step. */
export const operationSection = (operation: OperationDetails, context: ReportContext): string[] => {
  const { id, kind, steps, state, requested_by, origin, reason, started_at, finished_at, failure } =
    operation;
  const { times } = context;
  const lasted = finished_at === null ? 0 : Date.parse(finished_at) - Date.parse(started_at);
  return [
    `### Operation ${id}: ${operationNouns[kind]} of ${nameSteps(steps)}, ${state}`,
    [
      `- Requested by ${escapeMarkdown(requested_by)}, ${escapeMarkdown(origin)}`,
      `- Reason: ${reason === null ? "none" : `“${escapeMarkdown(reason)}”`}`,
      `- Began: ${times.both(started_at)}`,
      finished_at === null
        ? "- Not ended"
        : `- Ended: ${times.both(finished_at)}, after ${formatDuration(lasted)}`,
      ...(failure ? [`- Failure ${failure.code}: ${escapeMarkdown(failure.detail)}`] : []),
    ].join("\n"),
    ...operation.receipts.flatMap((receipt) => receiptOf(receipt, context)),
  ];
};

const receiptOf = (receipt: StepReport, { quantity }: ReportContext): string[] => {
  const { step, title, impact, rows, checks, warnings, duration_ms } = receipt;
  const facts = [
    ...impact.map(({ group, label, value, unit }) => [
      group === null ? label : `${group}: ${label}`,
      quantity(value, unit),
    ]),
    ...rows.map(({ table, action, rows: count }) => [`rows of ${table}, ${action}`, quantity(count, "")]),
    ...checks.map(({ name, ok, detail }) => [`check: ${name}`, `${ok ? "holds" : "fails"}: ${detail}`]),
    ...warnings.map((warning) => ["warning", warning]),
  ];
  return [
    `Step ${step}: ${escapeMarkdown(title)} The transaction took ${Math.round(duration_ms)} ms.`,
    ...(facts.length > 0 ? [markdownTable(["receipt", "value"], facts)] : []),
  ];
};
