import type { OperationDetails, StepReport } from "../api/operations.ts";
import type { Format } from "../format.ts";
import { sentenceOf } from "../ui/operation-words.ts";
import { keptPairs } from "./kept-pairs.ts";

/** An operation as a document for a ticket or a report. */
export const operationMarkdown = (
  operation: OperationDetails,
  format: Pick<Format, "dateTime" | "number" | "quantity" | "ms">,
): string => {
  const { id, requested_by, origin, reason, started_at, finished_at, plan, failure } = operation;
  const facts = [
    ["Requested by", `${requested_by}, ${origin}`],
    ["Reason", reason ?? "none"],
    ["Started", format.dateTime(started_at)],
    ["Ended", finished_at ? format.dateTime(finished_at) : "not yet"],
    ["Plan", plan ?? "none"],
  ];
  return [
    `# Operation ${id}`,
    sentenceOf(operation),
    ...(failure ? [`${failure.detail} ${failure.remedy}`] : []),
    table(["", ""], facts),
    ...operation.receipts.flatMap((receipt) => receiptMarkdown(receipt, format)),
    ...keptMarkdown(operation),
  ]
    .join("\n\n")
    .concat("\n");
};

const receiptMarkdown = (
  { step, title, impact, rows, locks, checks, warnings, duration_ms }: StepReport,
  format: Pick<Format, "number" | "quantity" | "ms">,
): string[] => [
  `## Step ${step}: ${escaped(title)}`,
  `The transaction took ${format.ms(duration_ms)}.`,
  ...(impact.length > 0
    ? [
        table(
          ["impact", "value"],
          impact.map(({ label, value, unit }) => [label, format.quantity(value, unit)]),
        ),
      ]
    : []),
  ...(rows.length > 0
    ? [
        table(
          ["table", "rows"],
          rows.map(({ table: name, action, rows: count }) => [name, `${format.number(count)} ${action}`]),
        ),
      ]
    : []),
  ...(locks.length > 0
    ? [
        table(
          ["lock", "held"],
          locks.map(({ table: name, mode, held_ms }) => [
            `${name}, ${mode.toLowerCase()}`,
            format.ms(held_ms),
          ]),
        ),
      ]
    : []),
  ...(checks.length > 0
    ? [
        table(
          ["check", "result"],
          checks.map(({ name, ok, detail }) => [name, `${ok ? "holds" : "fails"}: ${detail}`]),
        ),
      ]
    : []),
  ...warnings.map((warning) => `Warning: ${escaped(warning)}`),
];

const keptMarkdown = ({ kept_values }: OperationDetails): string[] => {
  if (kept_values.length === 0) return [];
  const rows = kept_values.flatMap((kept) =>
    keptPairs(kept).map(({ name, written, parked }) => [
      `${kept.table} ${kept.key}`,
      name,
      written,
      parked,
      kept.outcome,
    ]),
  );
  return ["## Kept values", table(["row", "column", "written since", "parked", "outcome"], rows)];
};

const table = (heading: readonly string[], rows: readonly (readonly string[])[]): string => {
  const line = (cells: readonly string[]) => `| ${cells.map(escaped).join(" | ")} |`;
  return [line(heading), line(heading.map(() => "---")), ...rows.map(line)].join("\n");
};

const escaped = (text: string): string => text.replaceAll(/[|<>\\`*_[\]]/g, "\\$&").replaceAll(/\s+/g, " ");
