import type { KeptValue } from "../api/operations.ts";
import table from "../ui/data-table.module.css";
import { Empty } from "../ui/states.tsx";
import { keptPairs } from "./kept-pairs.ts";
import styles from "./operation.module.css";

const outcomes: Record<KeptValue["outcome"], string> = {
  kept: "the written value was kept",
  restored: "the parked value was restored",
  dangling: "left out: it refers to nothing",
  deleted: "its row was deleted",
};

/** Values that a re-apply found edited: what was written meanwhile beside what was parked, and the outcome. */
export const KeptValues = ({ kept }: { kept: readonly KeptValue[] }) => {
  if (kept.length === 0) return <Empty>No value was edited while a step was rolled back.</Empty>;
  return (
    // biome-ignore lint/a11y/noNoninteractiveTabindex: a region that scrolls must be reachable by keyboard
    <section className={table.scroll} aria-label="Kept values" tabIndex={0}>
      <table className={`${table.table} ${styles.kept}`}>
        <thead>
          <tr>
            <th scope="col">Row</th>
            <th scope="col">Written since</th>
            <th scope="col">Parked</th>
            <th scope="col">Outcome</th>
          </tr>
        </thead>
        <tbody>
          {kept.flatMap((value) =>
            keptPairs(value).map(({ name, written, parked }) => (
              <tr key={`${value.step} ${value.table} ${value.key} ${name}`}>
                <th scope="row">
                  {value.table} {value.key} <span className="t2">{name}</span>
                </th>
                <td>{written}</td>
                <td>{parked}</td>
                <td>{outcomes[value.outcome]}</td>
              </tr>
            )),
          )}
        </tbody>
      </table>
    </section>
  );
};
