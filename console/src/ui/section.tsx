import type { ReactNode } from "react";
import styles from "./section.module.css";

/** A part of a page under a heading with a rule. */
export const Section = ({
  title,
  aside,
  children,
}: {
  title: string;
  aside?: ReactNode;
  children: ReactNode;
}) => (
  <section>
    <div className={styles.heading}>
      <h2>{title}</h2>
      {aside}
    </div>
    {children}
  </section>
);
