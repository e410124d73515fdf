import styles from "./receipt.module.css";

/** A line of a receipt: a name, and its value at the right. */
export const Line = ({ name, value }: { name: string; value: string }) => (
  <p className={styles.line}>
    <span>{name}</span>
    <span>{value}</span>
  </p>
);
