import { infiniteQueryOptions, queryOptions } from "@tanstack/react-query";
import { api, read } from "./client.ts";
import type { Alert } from "./queries.ts";
import type { paths } from "./schema.ts";

type Summary = paths["/api/alerts/summary"]["get"]["responses"][200]["content"]["application/json"];
export type Mute = Summary["muted"][number];
export type Channel = Summary["channels"][number];
type HistoryPage = paths["/api/alerts/history"]["get"]["responses"][200]["content"]["application/json"];
export type PastAlert = HistoryPage["alerts"][number];
export type Explained = paths["/api/alerts/{id}"]["get"]["responses"][200]["content"]["application/json"];

/** Filters of alerts, as they are in the address. */
export interface AlertFilter {
  type?: Alert["type"];
  severity?: Alert["severity"];
}

const slowlyMs = 30_000;
const pageSize = 50;

/** The alerts of the last 90 days, newest first, a page at a time. */
export const alertPagesQuery = (filter: AlertFilter) =>
  infiniteQueryOptions({
    queryKey: ["alerts", "history", filter],
    queryFn: ({ pageParam: page }) =>
      read(
        api.GET("/api/alerts/history", {
          params: { query: { limit: pageSize, ...filter, ...(page !== null && { page }) } },
        }),
      ),
    initialPageParam: null as string | null,
    getNextPageParam: ({ next }) => next,
    // Older pages would be read again each time.
    refetchInterval: ({ state }) => ((state.data?.pages.length ?? 0) > 1 ? false : slowlyMs),
  });

/** The newest alerts of a type, or of all types, to judge a mute by. */
export const newestAlertsQuery = (type: MuteScope["type"]) =>
  queryOptions({
    queryKey: ["alerts", "newest", type],
    queryFn: () =>
      read(
        api.GET("/api/alerts/history", {
          params: { query: { limit: 100, ...(type !== "ALL" && { type }) } },
        }),
      ),
  });

/** Each type of alert with its severity. */
export const alertTypesQuery = queryOptions({
  queryKey: ["alerts", "types"],
  queryFn: () => read(api.GET("/api/alerts/types")),
  staleTime: Number.POSITIVE_INFINITY,
});

/** The alerts that a mute silences: those of a type, or of these only those with a key or about a route. */
export interface MuteScope {
  type: Mute["type"];
  key?: string;
  route?: string;
}

/** @throws ApiError */
export const mute = (scope: MuteScope, durationSeconds: number, reason: string): Promise<Mute> =>
  read(
    api.POST("/api/alerts/mute", {
      body: { ...scope, duration_seconds: durationSeconds, ...(reason !== "" && { reason }) },
    }),
  );

/** @throws ApiError */
export const unmute = ({ id }: Pick<Mute, "id">): Promise<Mute> =>
  read(api.POST("/api/alerts/unmute", { body: { id } }));
