import { useInfiniteQuery } from "@tanstack/react-query";
import { Link, useNavigate, useSearch } from "@tanstack/react-router";
import { type LedgerEntry, type LedgerFilter, type LedgerPageData, ledgerQuery } from "../api/operations.ts";
import { useSession } from "../api/session.ts";
import { createFormat, type Format } from "../format.ts";
import { Button } from "../ui/button.tsx";
import { Icon } from "../ui/icon.tsx";
import { Empty, Fault, LoadError, Loading } from "../ui/states.tsx";
import styles from "./ledger.module.css";

/** The audit trail, newest first, and whether its chain of hashes holds. */
export const LedgerPage = () => {
  const format = createFormat(useSession());
  const filter = useSearch({ from: "/inside/ledger" });
  const { data, error, hasNextPage, isFetchingNextPage, fetchNextPage } = useInfiniteQuery(
    ledgerQuery(filter),
  );
  if (error && !data) return <LoadError error={error} />;
  const [newest] = data?.pages ?? [];
  const entries = data?.pages.flatMap((page) => page.entries) ?? [];
  const isFiltered = Object.keys(filter).length > 0;
  return (
    <div className={styles.page}>
      <h1>Ledger</h1>
      {newest && <Verified page={newest} format={format} />}
      <Filter key={JSON.stringify(filter)} filter={filter} />
      {!newest && <Loading lines={12} />}
      {newest && entries.length === 0 && (
        <Empty>{isFiltered ? "No entry matches." : "The ledger has no entries yet."}</Empty>
      )}
      <ol>
        {entries.map((entry) => (
          <Entry key={entry.seq} entry={entry} format={format} />
        ))}
      </ol>
      {error && <Fault error={error} />}
      {hasNextPage && (
        <p>
          <Button
            quiet
            missing={isFetchingNextPage ? "Older entries are loading." : undefined}
            onClick={() => fetchNextPage()}
          >
            Older entries
          </Button>
        </p>
      )}
    </div>
  );
};

const Verified = ({
  page: { verified, faults, head, anchors },
  format,
}: {
  page: LedgerPageData;
  format: Format;
}) => (
  <div className={styles.verified} role="status">
    <p>
      <Icon name={verified ? "check" : "cross"} large />{" "}
      {verified ? "Every entry is as it was written." : "The ledger was changed."}
    </p>
    <p className="t2">
      {format.count(head.seq, "entry", "entries")}, head{" "}
      <span className="mono">{head.hash.slice(0, 16)}</span>
      {anchors.newest &&
        `; compared with ${format.count(anchors.compared, "signed anchor")}, the newest of ${format.time(anchors.newest.at)}`}
    </p>
    {faults.map((fault) => (
      <p key={fault} className="error">
        {fault}
      </p>
    ))}
  </div>
);

const actions = [
  "apply",
  "rollback",
  "reapply",
  "resume",
  "abort",
  "interrupted",
  "prove",
  "purge",
  "approve",
  "withdraw",
  "until",
  "mute",
];

/** The filter is in the address, so that a link shows the same entries. */
const Filter = ({ filter }: { filter: LedgerFilter }) => {
  const navigate = useNavigate({ from: "/ledger" });
  return (
    <search>
      <form
        className={styles.filter}
        onSubmit={(event) => {
          event.preventDefault();
          void navigate({ search: readFilter(new FormData(event.currentTarget)) });
        }}
      >
        <label>
          Action
          <select name="action" defaultValue={filter.action ?? ""}>
            <option value="">all</option>
            {actions.map((action) => (
              <option key={action}>{action}</option>
            ))}
          </select>
        </label>
        <label>
          Step
          <input name="step" inputMode="numeric" pattern="[1-9][0-9]{0,8}" defaultValue={filter.step ?? ""} />
        </label>
        <label>
          Operator
          <input name="operator" maxLength={200} defaultValue={filter.operator ?? ""} />
        </label>
        <Button type="submit" quiet>
          Filter
        </Button>
        {Object.keys(filter).length > 0 && (
          <Link to="/ledger" search={{}}>
            Show all
          </Link>
        )}
      </form>
    </search>
  );
};

const readFilter = (form: FormData): LedgerFilter => {
  const [action, step, operator] = ["action", "step", "operator"].map((name) =>
    String(form.get(name) ?? "").trim(),
  );
  return { ...(action && { action }), ...(step && { step: Number(step) }), ...(operator && { operator }) };
};

const Entry = ({ entry, format }: { entry: LedgerEntry; format: Format }) => {
  const { seq, at, action, steps, operator, reason, hash, operation } = entry;
  return (
    <li className={styles.entry}>
      <span className="mono t2">{seq}</span>
      <span>
        <b>{action.replaceAll(/[_.-]/g, " ")}</b>
        {steps.length > 0 && ` ${steps.length === 1 ? "step" : "steps"} ${steps.join(", ")}`}
        {reason && `: “${reason}”`}
        <span className={styles.more}>
          {operator}
          {operation !== null && (
            <>
              {" · "}
              <Link to="/operations/$id" params={{ id: operation }}>
                operation {operation}
              </Link>
            </>
          )}
        </span>
      </span>
      <span className={styles.when}>
        <span className="mono">{format.time(at)}</span>
        <span className="mono t3">{hash.slice(0, 12)}</span>
      </span>
    </li>
  );
};
