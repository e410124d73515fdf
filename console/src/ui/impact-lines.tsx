import type { StepReport } from "../api/operations.ts";
import type { Format } from "../format.ts";
import { Changed, Line } from "./line.tsx";
import styles from "./receipt.module.css";

type Impact = StepReport["impact"][number];

/** The impact of a step: the summary first, then each group of lines under its heading. */
export const ImpactLines = ({
  impact,
  isChanged = () => false,
  format,
}: {
  impact: readonly Impact[];
  isChanged?: (line: Impact) => boolean;
  format: Format;
}) => (
  <>
    {impact.filter(isSummary).map((line) => (
      <p key={line.label} className={styles.headline}>
        <span>{line.label}</span>
        <b>
          {isChanged(line) && <Changed />}
          {format.quantity(line.value, line.unit)}
        </b>
      </p>
    ))}
    {groupsOf(impact.filter((line) => !isSummary(line))).map(({ group, lines }) => (
      <div key={group ?? lines[0]?.key}>
        {group !== null && <p className={styles.group}>{group}</p>}
        {lines.map((line) => (
          <Line
            key={line.key}
            name={line.key}
            value={format.quantity(line.value, line.unit)}
            isChanged={isChanged(line)}
          />
        ))}
      </div>
    ))}
  </>
);

/** A headline within a group stays with its group. */
const isSummary = ({ headline, group }: Impact) => headline && group === null;

const groupsOf = (impact: readonly Impact[]) => {
  const groups: { group: string | null; lines: Impact[] }[] = [];
  for (const line of impact) {
    const last = groups.at(-1);
    if (last && line.group !== null && last.group === line.group) last.lines.push(line);
    else groups.push({ group: line.group, lines: [line] });
  }
  return groups;
};
