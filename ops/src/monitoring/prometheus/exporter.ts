/** One metric with its samples; see https://prometheus.io/docs/instrumenting/exposition_formats/. */
export interface Family {
  name: string;
  help: string;
  type: "gauge" | "counter";
  /** A sample without a value is omitted. */
  samples: readonly { labels?: Readonly<Record<string, string>>; value: number | null | undefined }[];
}

/** Writes families in the text format. Families without any value are omitted. */
export const writeFamilies = (families: readonly Family[]): string =>
  families
    .map(({ name, help, type, samples }) => {
      const lines = samples.flatMap(({ labels = {}, value }) =>
        value === null || value === undefined ? [] : [`${name}${writeLabels(labels)} ${value}\n`],
      );
      return lines.length === 0 ? "" : `${writeHead({ name, help, type })}${lines.join("")}`;
    })
    .join("");

/** The header lines of a metric. */
export const writeHead = ({ name, help, type }: { name: string; help: string; type: string }): string =>
  `# HELP ${name} ${help.replaceAll("\\", "\\\\").replaceAll("\n", "\\n")}\n# TYPE ${name} ${type}\n`;

/** Labels in braces; empty without labels. */
export const writeLabels = (labels: Readonly<Record<string, string>>): string => {
  const pairs = Object.entries(labels).map(([name, value]) => `${name}="${escaped(value)}"`);
  return pairs.length === 0 ? "" : `{${pairs.join(",")}}`;
};

const escaped = (value: string): string =>
  value.replaceAll("\\", "\\\\").replaceAll("\n", "\\n").replaceAll('"', '\\"');
