import type { StepReport } from "../api/operations.ts";
import type { Format } from "../format.ts";
import { Line } from "./line.tsx";
import styles from "./receipt.module.css";

type Impact = StepReport["impact"][number];

/** The impact of a step: the summary first, then each group of lines under its heading. */
export const ImpactLines = ({ impact, format }: { impact: readonly Impact[]; format: Format }) => (
  <>
    {impact.filter(isSummary).map(({ label, value, unit }) => (
      <p key={label} className={styles.headline}>
        <span>{label}</span>
        <b>{format.quantity(value, unit)}</b>
      </p>
    ))}
    {groupsOf(impact.filter((line) => !isSummary(line))).map(({ group, lines }) => (
      <div key={group ?? lines[0]?.key}>
        {group !== null && <p className={styles.group}>{group}</p>}
        {lines.map(({ key, value, unit }) => (
          <Line key={key} name={key} value={format.quantity(value, unit)} />
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
