import { Link } from "@tanstack/react-router";
import type { Step } from "../api/queries.ts";
import styles from "./change-graph.module.css";
import { Icon } from "./icon.tsx";

const columnWidth = 84;
const rowHeight = 36;

interface Place {
  step: Step;
  column: number;
  row: number;
}

/** A step is one column right of the last step that it requires; steps without relations share the bottom row. */
const placesOf = (steps: readonly Step[]): Place[] => {
  const columns = new Map<number, number>();
  const related = steps.filter(({ requires, dependents }) => requires.length > 0 || dependents.length > 0);
  const rows: number[] = [];
  const places = related.map((step) => {
    const column = Math.max(-1, ...step.requires.map((required) => columns.get(required) ?? 0)) + 1;
    columns.set(step.step, column);
    const parent = Math.max(...step.requires, 0);
    const parentRow = placesByStep.get(parent)?.row ?? 0;
    const row = Math.max(rows[column] ?? 0, column === 0 ? 0 : parentRow);
    rows[column] = row + 1;
    const place = { step, column, row };
    placesByStep.set(step.step, place);
    return place;
  });
  const bottom = Math.max(0, ...places.map(({ row }) => row)) + (places.length > 0 ? 1.5 : 0);
  const alone = steps.filter((step) => !related.includes(step));
  placesByStep.clear();
  return [...places, ...alone.map((step, column) => ({ step, column, row: bottom }))];
};
const placesByStep = new Map<number, Place>();

/** The changes and what requires what, from left to right. */
export const ChangeGraph = ({ steps, selected }: { steps: readonly Step[]; selected?: number }) => {
  const places = placesOf(steps);
  const byStep = new Map(places.map((place) => [place.step.step, place]));
  const width = (Math.max(...places.map(({ column }) => column)) + 1) * columnWidth;
  const height = (Math.max(...places.map(({ row }) => row)) + 1) * rowHeight;
  const edges = places.flatMap((to) =>
    to.step.requires.flatMap((required) => {
      const from = byStep.get(required);
      return from ? [{ from, to, key: `${required}-${to.step.step}` }] : [];
    }),
  );
  return (
    <div className={styles.graph} ref={sized(width, height)}>
      <svg viewBox={`0 0 ${width} ${height}`} width={width} height={height} aria-hidden="true">
        {edges.map(({ from, to, key }) => {
          const [x1, y1] = [from.column * columnWidth + 40, from.row * rowHeight + 16];
          const [x2, y2] = [to.column * columnWidth, to.row * rowHeight + 16];
          const middle = (x1 + x2) / 2;
          return (
            <path
              key={key}
              d={`M${x1} ${y1}C${middle} ${y1} ${middle} ${y2} ${x2} ${y2}`}
              fill="none"
              stroke={selected === to.step.step ? "var(--text)" : "var(--rule-strong)"}
              strokeWidth={selected === to.step.step ? 2 : 1.4}
            />
          );
        })}
      </svg>
      {places.map(({ step: { step, state, title }, column, row }) => (
        <Link
          key={step}
          to="/changes/$step"
          params={{ step: String(step) }}
          className={styles.node}
          ref={placed(column * columnWidth, row * rowHeight)}
          title={title}
          aria-label={`Step ${step}, ${state === "applied" ? "applied" : "rolled back"}: ${title}`}
          aria-current={selected === step || undefined}
        >
          <Icon name={state === "applied" ? "applied" : "rolled-back"} />
          {step}
        </Link>
      ))}
    </div>
  );
};

/** Sizes by script: the policy of the pages allows no style attribute. */
const sized = (width: number, height: number) => (element: HTMLElement | null) => {
  element?.style.setProperty("width", `${width}px`);
  element?.style.setProperty("height", `${height}px`);
};

const placed = (left: number, top: number) => (element: HTMLElement | null) => {
  element?.style.setProperty("left", `${left}px`);
  element?.style.setProperty("top", `${top}px`);
};
