import type { DryRun } from "../api/queries.ts";
import { duration, type Format } from "../format.ts";
import { Icon } from "./icon.tsx";
import styles from "./receipt.module.css";

const staleAfterMs = 60_000;

/** A dry run as a printed receipt: impact, rows, locks, checks, plan. */
export const Receipt = ({
  run,
  title,
  at,
  ageMs,
  format,
}: {
  run: DryRun;
  title: string;
  at: string;
  ageMs: number;
  format: Format;
}) => {
  const { steps, total_ms, plan, executed } = run;
  const impact = steps.flatMap((step) => step.impact);
  const rows = steps.flatMap((step) => step.rows);
  const locks = steps.flatMap((step) => step.locks);
  const checks = steps.flatMap((step) => step.checks);
  const warnings = steps.flatMap((step) => step.warnings);
  const failed = checks.filter(({ ok }) => !ok);
  return (
    <section className={styles.receipt} aria-label={title}>
      <header>
        <b>{title}</b>
        {format.dateTime(at)}
        <br />
        {executed ? "executed, measured, aborted: nothing changed" : "estimated"}
      </header>
      {impact.length > 0 && <h2>Impact</h2>}
      {groupsOf(impact).map(({ group, lines }) => (
        <div key={group}>
          {group !== "" && <p className={styles.group}>{group}</p>}
          {lines.map(({ name, value, unit }) => (
            <Line key={name} name={name} value={format.quantity(value, unit)} />
          ))}
        </div>
      ))}
      {rows.length > 0 && <h2>Rows</h2>}
      {rows.map(({ table, action, rows: moved }) => (
        <Line key={`${table}${action}`} name={table} value={`${format.number(moved)} ${action}`} />
      ))}
      <h2>Locks</h2>
      {locks.map(({ table, mode, held_ms }) => (
        <Line key={`${table}${mode}`} name={table} value={`${mode.toLowerCase()}, ${format.ms(held_ms)}`} />
      ))}
      <Line name="in total" value={format.ms(total_ms)} />
      <h2>Checks</h2>
      <p className={styles.line}>
        <span>
          {checks.length - failed.length} of {format.count(checks.length, "check")} hold
        </span>
        <Icon name={failed.length === 0 ? "check" : "cross"} />
      </p>
      {failed.map(({ name, detail }) => (
        <Line key={name} name={name} value={detail} />
      ))}
      {warnings.length > 0 && <h2>Warnings</h2>}
      {warnings.map((warning) => (
        <p key={warning}>{warning}</p>
      ))}
      <h2>Plan</h2>
      <p className={styles.line}>
        <span>{plan.hash.match(/.{4}/g)?.join(" ")}</span>
        <span className={ageMs > staleAfterMs ? "warning" : "t2"}>{duration(ageMs)} old</span>
      </p>
    </section>
  );
};

type Impact = DryRun["steps"][number]["impact"][number];

/** Lines `group: name` under their group; others alone. */
const groupsOf = (impact: readonly Impact[]) => {
  const groups: { group: string; lines: { name: string; value: Impact["value"]; unit: string }[] }[] = [];
  for (const { label, value, unit } of impact) {
    const at = label.lastIndexOf(": ");
    const group = at < 0 ? "" : label.slice(0, at);
    const line = { name: at < 0 ? label : label.slice(at + 2), value, unit };
    const last = groups.at(-1);
    if (last?.group === group) last.lines.push(line);
    else groups.push({ group, lines: [line] });
  }
  return groups;
};

const Line = ({ name, value }: { name: string; value: string }) => (
  <p className={styles.line}>
    <span>{name}</span>
    <span>{value}</span>
  </p>
);
