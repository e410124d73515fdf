import type { ReleaseDetails } from "../api/releases.ts";
import type { Format } from "../format.ts";
import table from "../ui/data-table.module.css";
import { Icon, type IconName } from "../ui/icon.tsx";
import { Empty } from "../ui/states.tsx";
import styles from "./release.module.css";

type Judge = NonNullable<ReleaseDetails["judge"]>;
type Role = Judge["roles"]["blue"];

const verdicts: Record<Judge["verdict"], { icon: IconName; word: string }> = {
  pass: { icon: "ok", word: "The phase has passed." },
  fail: { icon: "error", word: "The new version is worse: the release is rolled back." },
  hold: { icon: "warning", word: "The judge cannot decide: a person must." },
  unknown: { icon: "applied", word: "Not enough is known yet; the release does not advance." },
};

/** The clients of both versions in this phase, the verdict of the judge, and its evidence. */
export const Comparison = ({
  judge,
  from,
  to,
  format,
}: {
  judge: ReleaseDetails["judge"];
  from: string;
  to: string;
  format: Format;
}) => {
  if (!judge) return <Empty>The versions are compared once the new one has clients.</Empty>;
  const { verdict, evidence, limits } = judge;
  const { blue, green } = judge.roles;
  const { icon, word } = verdicts[verdict];
  const percentile = (name: "p50" | "p95" | "p99") => ({
    name: `Slower than ${name}${limits ? `, ${format.ms(limits[name])}` : ""}`,
    of: ({ slow, clients }: Role) => share(slow[name], clients),
  });
  const share = (count: number, clients: number) =>
    clients === 0
      ? format.number(count)
      : `${format.number(count)} (${format.percent((count / clients) * 100)})`;
  const rows: { name: string; of: (role: Role) => string }[] = [
    { name: "Clients", of: ({ clients }) => format.number(clients) },
    { name: "With failures", of: ({ failed, clients }) => share(failed, clients) },
    ...(["p50", "p95", "p99"] as const).map(percentile),
  ];
  return (
    <>
      <div className={`${table.scroll} ${styles.comparison}`}>
        <table className={table.table}>
          <thead>
            <tr>
              <th scope="col">Clients in this phase</th>
              <th scope="col">Old, {from}</th>
              <th scope="col">New, {to}</th>
            </tr>
          </thead>
          <tbody>
            {rows.map(({ name, of }) => (
              <tr key={name}>
                <th scope="row">{name}</th>
                <td>{of(blue)}</td>
                <td>{of(green)}</td>
              </tr>
            ))}
          </tbody>
        </table>
      </div>
      <p className={styles.verdict}>
        <Icon name={icon} large /> {word}
      </p>
      <ul className={styles.evidence}>
        {evidence.map((sentence) => (
          <li key={sentence}>{sentence}</li>
        ))}
      </ul>
    </>
  );
};
