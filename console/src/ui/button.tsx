import type { ReactNode } from "react";
import styles from "./button.module.css";

/**
 * A button that stays focusable while it cannot be used: `missing` says why, and clicking does nothing.
 */
export const Button = ({
  children,
  quiet = false,
  missing,
  onClick,
  type = "button",
}: {
  children: ReactNode;
  quiet?: boolean;
  missing?: string | undefined;
  onClick?: () => void;
  type?: "button" | "submit";
}) => (
  <button
    className={`${styles.button} ${quiet ? styles.quiet : ""}`}
    type={type}
    aria-disabled={missing !== undefined || undefined}
    title={missing}
    onClick={(event) => {
      if (missing !== undefined) event.preventDefault();
      else onClick?.();
    }}
  >
    {children}
  </button>
);
