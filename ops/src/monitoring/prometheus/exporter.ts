/** One metric with its samples; see https://prometheus.io/docs/instrumenting/exposition_formats/. */
export interface Family {
  name: string;
  help: string;
  type: "gauge" | "counter";
  /** A value that is not known leaves its sample out. */
  samples: readonly { labels?: Readonly<Record<string, string>>; value: number | null | undefined }[];
}

/** Families as Prometheus reads them; those without any known value are left out. */
export const writeFamilies = (families: readonly Family[]): string =>
  families
    .map(({ name, help, type, samples }) => {
      const lines = samples.flatMap(({ labels = {}, value }) =>
        value === null || value === undefined ? [] : [`${name}${writeLabels(labels)} ${value}\n`],
      );
      return lines.length === 0 ? "" : `${writeHead({ name, help, type })}${lines.join("")}`;
    })
    .join("");

/** What stands before the samples of a metric. */
export const writeHead = ({ name, help, type }: { name: string; help: string; type: string }): string =>
  `# HELP ${name} ${help}\n# TYPE ${name} ${type}\n`;

/** Labels in braces; nothing without any. */
export const writeLabels = (labels: Readonly<Record<string, string>>): string => {
  const pairs = Object.entries(labels).map(([name, value]) => `${name}="${escaped(value)}"`);
  return pairs.length === 0 ? "" : `{${pairs.join(",")}}`;
};

const escaped = (value: string): string =>
  value.replaceAll("\\", "\\\\").replaceAll("\n", "\\n").replaceAll('"', '\\"');
