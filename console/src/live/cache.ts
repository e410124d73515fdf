import { notifyManager, type Query, type QueryClient } from "@tanstack/react-query";
import type { OperationDetails } from "../api/operations.ts";
import {
  activeAlertsQuery,
  alertSummaryQuery,
  type Health,
  healthQuery,
  overviewQuery,
} from "../api/queries.ts";
import { newestReleaseQuery } from "../api/releases.ts";
import type { LiveMessage, LiveState } from "./event.ts";

/** Brings the queries up to date with the stream: sets what it carries, and asks anew for what its events concern. */
export const updateCache = (
  queries: QueryClient,
  events: readonly LiveMessage[],
  state: LiveState,
  isGap: boolean,
): void =>
  notifyManager.batch(() => {
    const wasAway = isDatabaseAway(queries.getQueryData(healthQuery.queryKey));
    queries.setQueryData(healthQuery.queryKey, state.health);
    queries.setQueryData(activeAlertsQuery.queryKey, { alerts: [...state.alerts] });
    queries.setQueryData(
      alertSummaryQuery.queryKey,
      (known) => known && { ...known, active: state.alerts.length, muted: [...state.mutes] },
    );
    setOperation(queries, state);
    queries.setQueryData(newestReleaseQuery.queryKey, state.release);
    const isBack = wasAway && !isDatabaseAway(state.health);
    const concerned = isGap || isBack ? everything : events.flatMap(concernedBy);
    if (concerned.length === 0) return;
    void queries.invalidateQueries({
      predicate: (query) => !isCarried(query) && concerned.some((prefix) => query.queryKey[0] === prefix),
    });
  });

const isDatabaseAway = (health: Health | undefined): boolean => health?.database?.status === "unhealthy";

const setOperation = (queries: QueryClient, { operation, progress }: LiveState): void => {
  queries.setQueryData(overviewQuery.queryKey, (known) => known && { ...known, operation });
  if (!progress) return;
  const { operation: id, ...rows } = progress;
  // Its query belongs to pages that are loaded later.
  const key = ["rollback", "operations", id];
  queries.setQueryData<OperationDetails>(key, (known) => known && { ...known, progress: rows });
};

const everything = ["alerts", "rollback", "releases", "history", "diagnostics"];

/** The first parts of the keys of queries that an event makes stale. */
const concernedBy = ({ event }: LiveMessage): string[] => {
  if (event === "alert" || event === "mute") return ["alerts"];
  if (event === "release") return ["releases"];
  return event === "operation" ? ["rollback", "alerts"] : [];
};

/** What the stream sets. */
const isCarried = ({ queryKey: [first, second] }: Query): boolean =>
  first === "health" ||
  (first === "alerts" && second === "active") ||
  (first === "releases" && second === "newest");
