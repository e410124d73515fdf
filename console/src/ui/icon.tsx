import type { ReactNode } from "react";
import styles from "./icon.module.css";

const shapes = {
  ok: <circle cx="6" cy="6" r="3.4" fill="currentColor" />,
  applied: <circle cx="6" cy="6" r="4.2" fill="none" stroke="currentColor" strokeWidth="1.8" />,
  warning: <path d="M6 .8 11.6 11H.4Z" fill="currentColor" />,
  error: <path d="M6 .3 11.7 6 6 11.7.3 6Z" fill="currentColor" />,
  critical: (
    <>
      <path d="M3.6.5h4.8l3.1 3.1v4.8l-3.1 3.1H3.6L.5 8.4V3.6Z" fill="currentColor" />
      <path d="M5.2 2.8h1.6v4H5.2zM5.2 7.9h1.6v1.6H5.2z" fill="var(--bg)" />
    </>
  ),
  "rolled-back": (
    <>
      <circle cx="6" cy="6" r="4.6" fill="none" stroke="currentColor" strokeWidth="1.6" />
      <path d="M6 1.4a4.6 4.6 0 0 0 0 9.2Z" fill="currentColor" />
    </>
  ),
  muted: (
    <path
      d="M6 1.4a4.6 4.6 0 1 0 0 9.2 4.6 4.6 0 0 0 0-9.2ZM2.8 2.8l6.4 6.4"
      fill="none"
      stroke="currentColor"
      strokeWidth="1.6"
    />
  ),
  undo: (
    <path
      d="M2 5.2h5a2.9 2.9 0 1 1 0 5.8H4.6M4.9 2 1.7 5.2l3.2 3.2"
      fill="none"
      stroke="currentColor"
      strokeWidth="1.6"
    />
  ),
  redo: (
    <path
      d="M10 5.2H5a2.9 2.9 0 1 0 0 5.8h2.4M7.1 2l3.2 3.2-3.2 3.2"
      fill="none"
      stroke="currentColor"
      strokeWidth="1.6"
    />
  ),
  start: <path d="M3 1.6 10.4 6 3 10.4Z" fill="none" stroke="currentColor" strokeWidth="1.5" />,
  ahead: <circle cx="6" cy="6" r="4.2" fill="none" stroke="currentColor" strokeWidth="1.2" />,
  check: <path d="m1.6 6.4 3 3.1 5.8-7" fill="none" stroke="currentColor" strokeWidth="1.8" />,
  cross: <path d="m2 2 8 8M10 2l-8 8" fill="none" stroke="currentColor" strokeWidth="1.8" />,
} satisfies Record<string, ReactNode>;

export type IconName = keyof typeof shapes;

const colours: Partial<Record<IconName, string>> = {
  ok: "ok",
  applied: "ok",
  check: "ok",
  warning: "warning",
  error: "error",
  cross: "error",
  critical: "critical",
  "rolled-back": "rolled-back",
};

/** A status or an action as a shape. Text beside it says the same, so screen readers skip it. */
export const Icon = ({ name, large = false }: { name: IconName; large?: boolean }) => (
  <svg
    className={`${styles.icon} ${large ? styles.large : ""} ${colours[name] ?? ""}`}
    viewBox="0 0 12 12"
    aria-hidden="true"
  >
    {shapes[name]}
  </svg>
);

export const Sunrise = () => (
  <svg width="22" height="16" viewBox="0 0 22 16" aria-hidden="true">
    <path d="M1 14.5h20" stroke="currentColor" strokeWidth="1.6" />
    <path d="M5 14.5a6 6 0 0 1 12 0Z" fill="#f3a64f" />
    <path d="M11 2.2v3M3.6 5.6l2.1 2.1M18.4 5.6l-2.1 2.1" stroke="#f3a64f" strokeWidth="1.6" />
  </svg>
);
