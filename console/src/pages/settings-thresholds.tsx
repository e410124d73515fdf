import { useQuery } from "@tanstack/react-query";
import { alertTypesQuery } from "../api/settings.ts";
import { Icon } from "../ui/icon.tsx";
import { Fault, Loading } from "../ui/states.tsx";
import styles from "./settings.module.css";

/** Each type of alert: when it fires, and the settings that change that. */
export const Thresholds = () => {
  const { data, error } = useQuery(alertTypesQuery);
  if (error) return <Fault error={error} />;
  if (!data) return <Loading lines={10} />;
  return (
    <ul>
      {data.types.map(({ type, severity, fires_when, settings }) => (
        <li key={type} className={styles.type}>
          <h3>
            <span className="mono">{type}</span>{" "}
            <span className={styles.severity}>
              <Icon name={severity} /> {severity}
            </span>
          </h3>
          <p>{fires_when}</p>
          {settings.map(({ name, value, default: fallback }) => (
            <p key={name} className={styles.more}>
              <span className="mono">
                {name}={value ?? fallback}
              </span>{" "}
              {(value === null || value === fallback) && "by default"}
            </p>
          ))}
        </li>
      ))}
    </ul>
  );
};
