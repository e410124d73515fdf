import { useQuery } from "@tanstack/react-query";
import { useNavigate } from "@tanstack/react-router";
import { type AlertFilter, alertTypesQuery } from "../api/alerts.ts";
import styles from "./alerts.module.css";
import { type AlertTab, alertsSearch } from "./alerts-search.ts";

const severities = ["critical", "error", "warning"] as const;

/** Filters of the alerts; they are in the address, so that a link keeps them. */
export const AlertFilters = ({ tab, filter }: { tab: AlertTab; filter: AlertFilter }) => {
  const types = useQuery(alertTypesQuery).data?.types.map(({ type }) => type) ?? [];
  const navigate = useNavigate();
  const choose = (chosen: { type?: string | undefined; severity?: string | undefined }) =>
    navigate({ to: "/alerts", search: alertsSearch({ ...chosen, ...(tab !== "active" && { tab }) }) });
  return (
    <div className={styles.filters}>
      <label>
        <span className="t2">Type</span>
        <select
          value={filter.type ?? ""}
          onChange={({ target }) => choose({ ...filter, type: target.value })}
        >
          <option value="">all</option>
          {types.map((type) => (
            <option key={type}>{type}</option>
          ))}
        </select>
      </label>
      <label>
        <span className="t2">Severity</span>
        <select
          value={filter.severity ?? ""}
          onChange={({ target }) => choose({ ...filter, severity: target.value })}
        >
          <option value="">all</option>
          {severities.map((severity) => (
            <option key={severity}>{severity}</option>
          ))}
        </select>
      </label>
    </div>
  );
};
