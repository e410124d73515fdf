import { useQuery } from "@tanstack/react-query";
import { alertTypesQuery } from "./history.ts";

/** Settings whose value is the limit of something that is drawn. */
export type ThresholdSetting =
  | "ALERT_API_TIMEOUT_MS"
  | "ALERT_CPU_PERCENT"
  | "ALERT_DATABASE_SLOW_MS"
  | "ALERT_ERROR_RATE_PERCENT"
  | "ALERT_MEMORY_PERCENT";

/** The thresholds of the alerts in force; empty where the service does not report its settings. */
export const useThresholds = (): Partial<Record<ThresholdSetting, number>> => {
  const { data } = useQuery(alertTypesQuery);
  const settings = (data?.types ?? []).flatMap(({ settings }) => settings);
  return Object.fromEntries(
    settings
      .map(({ name, value, default: byDefault }) => [name, Number(value ?? byDefault ?? Number.NaN)] as const)
      .filter(([, limit]) => !Number.isNaN(limit)),
  );
};
