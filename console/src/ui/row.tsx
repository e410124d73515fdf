import type { ReactNode } from "react";
import { Icon, type IconName } from "./icon.tsx";
import styles from "./row.module.css";

/** An item of a list: a status, a text with a time or a number beside it, and more below. */
export const Row = ({
  icon,
  aside,
  more,
  children,
}: {
  icon: IconName;
  aside?: ReactNode;
  more: ReactNode;
  children: ReactNode;
}) => (
  <li className={styles.row}>
    <Icon name={icon} />
    <span className={styles.text}>{children}</span>
    <span className="mono t2">{aside}</span>
    <span className={styles.more}>{more}</span>
  </li>
);
