/** A rule that records a series under a name. */
export interface RecordingRule {
  record: string;
  expr: string;
  labels?: Readonly<Record<string, string>>;
}

export interface AlertingRule {
  alert: string;
  expr: string;
  forMs: number;
  keepFiringForMs: number;
  labels: Readonly<Record<string, string>>;
  summary: string;
}

/**
 * A file of rules for Prometheus.
 *
 * @param comments lines without their `#`
 */
export const ruleFile = (
  comments: readonly string[],
  group: string,
  rules: readonly (RecordingRule | AlertingRule)[],
): string =>
  [
    ...comments.map((line) => `# ${line}`),
    "groups:",
    `  - name: ${group}`,
    "    rules:",
    ...rules.flatMap((rule) => ("record" in rule ? recordingLines(rule) : alertingLines(rule))),
    "",
  ].join("\n");

const recordingLines = ({ record, expr, labels = {} }: RecordingRule): string[] => [
  `      - record: ${record}`,
  ...block("expr", expr),
  ...labelLines(labels),
];

const alertingLines = ({ alert, expr, forMs, keepFiringForMs, labels, summary }: AlertingRule): string[] => [
  `      - alert: ${alert}`,
  ...block("expr", expr),
  ...duration("for", forMs),
  ...duration("keep_firing_for", keepFiringForMs),
  ...labelLines(labels),
  "        annotations:",
  `          summary: ${quoted(sentence(summary))}`,
];

const labelLines = (labels: Readonly<Record<string, string>>): string[] => {
  const lines = Object.entries(labels).map(([name, value]) => `          ${name}: ${quoted(value)}`);
  return lines.length === 0 ? [] : ["        labels:", ...lines];
};

/** A JSON string is a valid YAML string, and a valid string of PromQL. */
export const quoted = (text: string): string => JSON.stringify(text);

const sentence = (text: string): string => `${text[0]?.toUpperCase()}${text.slice(1)}.`;

const block = (key: string, text: string): string[] => [
  `        ${key}: |-`,
  ...text.split("\n").map((line) => `          ${line}`),
];

const duration = (key: string, ms: number): string[] => (ms > 0 ? [`        ${key}: ${ms / 1000}s`] : []);

/** The words of a name in one, as `EarlybirdSlowCheckout`. */
export const alertName = (words: string): string =>
  `Earlybird${words
    .split(/[^\p{L}\p{N}]+/u)
    .map((word) => `${word.slice(0, 1).toUpperCase()}${word.slice(1)}`)
    .join("")}`;
