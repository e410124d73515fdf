import type { ReactNode } from "react";
import type { StepReport } from "../api/operations.ts";
import type { Format } from "../format.ts";
import { Checks } from "./checks.tsx";
import { ImpactLines } from "./impact-lines.tsx";
import { Line } from "./line.tsx";
import styles from "./receipt.module.css";
import { differenceFrom } from "./receipt-difference.ts";

/** Steps as a printed receipt: impact, rows, locks, checks, warnings; then `children`. */
export const Receipt = ({
  title,
  subtitle,
  steps,
  totalMs,
  comparedTo,
  isOld = false,
  format,
  children,
}: {
  title: string;
  subtitle: ReactNode;
  steps: readonly StepReport[];
  totalMs: number;
  /** Another receipt: lines that differ from it are marked. */
  comparedTo?: readonly StepReport[] | undefined;
  /** Whether its numbers may no longer hold. */
  isOld?: boolean;
  format: Format;
  children?: ReactNode;
}) => {
  const warnings = steps.flatMap((step) => step.warnings);
  const difference = differenceFrom(comparedTo);
  return (
    <section className={`${styles.receipt} ${isOld ? styles.old : ""}`} aria-label={title}>
      <header>
        <b>{title}</b>
        {subtitle}
      </header>
      {steps
        .filter(({ impact }) => impact.length > 0)
        .map(({ step, impact }) => (
          <div key={step}>
            <h2>{steps.length > 1 ? `Impact of step ${step}` : "Impact"}</h2>
            <ImpactLines
              impact={impact}
              isChanged={(line) => difference.ofImpact(step, line)}
              format={format}
            />
          </div>
        ))}
      {steps.some(({ rows }) => rows.length > 0) && <h2>Rows</h2>}
      {steps.flatMap(({ step, rows }) =>
        rows.map((row) => (
          <Line
            key={`${step} ${row.table} ${row.action}`}
            name={row.table}
            value={`${format.number(row.rows)} ${row.action}`}
            isChanged={difference.ofRow(step, row)}
          />
        )),
      )}
      <h2>Locks</h2>
      {steps.flatMap(({ step, locks }) =>
        locks.map(({ table, mode, held_ms }) => (
          <Line
            key={`${step} ${table} ${mode}`}
            name={table}
            value={`${mode.toLowerCase()}, ${format.ms(held_ms)}`}
          />
        )),
      )}
      <Line name="in total" value={format.ms(totalMs)} />
      <h2>Checks</h2>
      <Checks checks={steps.flatMap((step) => step.checks)} format={format} />
      {warnings.length > 0 && <h2>Warnings</h2>}
      {warnings.map((warning) => (
        <p key={warning}>{warning}</p>
      ))}
      {children}
    </section>
  );
};
