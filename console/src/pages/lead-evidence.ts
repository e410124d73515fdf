import { useQueries, useQuery } from "@tanstack/react-query";
import { type Alert, alertSummaryQuery } from "../api/queries.ts";
import { suspectsQuery } from "../api/suspects.ts";
import { byUrgency } from "./lead.ts";
import type { Situation } from "./situation.ts";

/** Of so many alerts, the most urgent, the suspects are read. */
const mostAlerts = 3;

/** The parts of the situation that give evidence: the suspects of the most urgent alerts, and the channels. */
export const useLeadEvidence = (alerts: readonly Alert[]): Pick<Situation, "suspects" | "channels"> => {
  const urgent = byUrgency(alerts).slice(0, mostAlerts);
  const found = useQueries({ queries: urgent.map(({ id }) => suspectsQuery(id)) });
  const summary = useQuery(alertSummaryQuery);
  return {
    suspects: new Map(urgent.map(({ id }, at) => [id, found[at]?.data?.suspects ?? []])),
    channels: summary.data?.channels ?? [],
  };
};
