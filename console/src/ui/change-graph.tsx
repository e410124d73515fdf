import { Link } from "@tanstack/react-router";
import type { Step } from "../api/queries.ts";
import styles from "./change-graph.module.css";
import { layOut } from "./graph-layout.ts";
import { Icon } from "./icon.tsx";

/** The changes and what requires what, from left to right. */
export const ChangeGraph = ({ steps, selected }: { steps: readonly Step[]; selected?: number }) => {
  const { places, width, height } = layOut(steps);
  const byStep = new Map(places.map((place) => [place.step.step, place]));
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
          const [x1, y1, x2, y2] = [from.x + 38, from.y + 16, to.x - 4, to.y + 16];
          const middle = (x1 + x2) / 2;
          const isSelected = selected === to.step.step;
          return (
            <path
              key={key}
              d={`M${x1} ${y1}C${middle} ${y1} ${middle} ${y2} ${x2} ${y2}`}
              fill="none"
              stroke={isSelected ? "var(--text)" : "var(--rule-strong)"}
              strokeWidth={isSelected ? 2 : 1.4}
            />
          );
        })}
      </svg>
      {places.map(({ step: { step, state, title }, x, y }) => (
        <Link
          key={step}
          to="/changes/$step"
          params={{ step: String(step) }}
          className={styles.node}
          ref={placed(x, y)}
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
