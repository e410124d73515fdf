import styles from "./fact-table.module.css";

export interface Fact {
  name: string;
  value: string;
  note?: string | undefined;
  /** Whether the value is outside of what it should be; `note` says why. */
  isWarning?: boolean;
}

/** Names and values, one a line. */
export const FactTable = ({ facts }: { facts: readonly Fact[] }) => (
  <table className={styles.facts}>
    <tbody>
      {facts.map(({ name, value, note, isWarning }) => (
        <tr key={name}>
          <th scope="row">{name}</th>
          <td className={isWarning ? "warning" : undefined}>{value}</td>
          <td className={styles.note}>{note}</td>
        </tr>
      ))}
    </tbody>
  </table>
);
