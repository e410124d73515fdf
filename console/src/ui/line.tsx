import { Icon } from "./icon.tsx";
import styles from "./receipt.module.css";

/** A line of a receipt: a name, and its value at the right. */
export const Line = ({
  name,
  value,
  isChanged = false,
}: {
  name: string;
  value: string;
  /** Whether the line differs from the receipt beside. */
  isChanged?: boolean;
}) => (
  <p className={`${styles.line} ${isChanged ? styles.changed : ""}`}>
    <span>{name}</span>
    <span>
      {isChanged && <Changed />}
      {value}
    </span>
  </p>
);

/** Marks a value that differs from the receipt beside. */
export const Changed = () => (
  <>
    <Icon name="warning" /> <span className="visually-hidden">changed: </span>
  </>
);
