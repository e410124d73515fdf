import { queryOptions } from "@tanstack/react-query";
import { isWithoutStream } from "../live/link.ts";
import { api, read, readHealth } from "./client.ts";
import type { paths } from "./schema.ts";

type Ok<Path extends keyof paths, Method extends "get" | "post"> = paths[Path][Method] extends {
  responses: { 200: { content: { "application/json": infer Body } } };
}
  ? Body
  : never;

export type Health = Ok<"/api/health/detailed", "get">;
export type Diagnostics = Ok<"/api/health/diagnostics", "get">;
export type Alert = Ok<"/api/alerts/active", "get">["alerts"][number];
export type Step = Ok<"/api/rollback/steps", "get">["steps"][number];
export type StepDetails = Ok<"/api/rollback/steps/{step}", "get">;
export type Operation = Ok<"/api/rollback/operations", "get">["operations"][number];
export type DryRun = Ok<"/api/rollback/steps/{step}/dry-run", "post">;
export type Direction = "rollback" | "reapply";

/** How often pages ask again for what the live stream does not carry, in milliseconds. */
const slowlyMs = 30_000;

/** What the live stream carries: pages ask once, and again only while there is no stream. */
const live = {
  staleTime: Number.POSITIVE_INFINITY,
  refetchInterval: () => isWithoutStream() && 5_000,
} as const;

export const healthQuery = queryOptions({
  queryKey: ["health"],
  queryFn: () => readHealth(api.GET("/api/health/detailed")),
  ...live,
});

/** Everything about process and database, and each route of the last minute. */
export const diagnosticsQuery = queryOptions({
  queryKey: ["diagnostics"],
  queryFn: () => readHealth(api.GET("/api/health/diagnostics")),
  refetchInterval: 15_000,
});

export const activeAlertsQuery = queryOptions({
  queryKey: ["alerts", "active"],
  queryFn: () => read(api.GET("/api/alerts/active")),
  ...live,
});

export const alertSummaryQuery = queryOptions({
  queryKey: ["alerts", "summary"],
  queryFn: () => read(api.GET("/api/alerts/summary")),
  refetchInterval: slowlyMs,
});

export const alertQuery = (id: string) =>
  queryOptions({
    queryKey: ["alerts", id],
    queryFn: () => read(api.GET("/api/alerts/{id}", { params: { path: { id } } })),
    refetchInterval: slowlyMs,
  });

export const overviewQuery = queryOptions({
  queryKey: ["rollback", "status"],
  queryFn: () => read(api.GET("/api/rollback/status")),
  refetchInterval: slowlyMs,
});

export const stepsQuery = queryOptions({
  queryKey: ["rollback", "steps"],
  queryFn: () => read(api.GET("/api/rollback/steps")),
  refetchInterval: slowlyMs,
});

export const stepQuery = (step: number) =>
  queryOptions({
    queryKey: ["rollback", "steps", step],
    queryFn: () => read(api.GET("/api/rollback/steps/{step}", { params: { path: { step: String(step) } } })),
    refetchInterval: slowlyMs,
  });

export const operationsQuery = queryOptions({
  queryKey: ["rollback", "operations"],
  queryFn: () => read(api.GET("/api/rollback/operations", { params: { query: { limit: 100 } } })),
  refetchInterval: slowlyMs,
});

/** Stops the reminders of an alert. @throws ApiError */
export const acknowledge = ({ id }: Pick<Alert, "id">, note: string) =>
  read(api.POST("/api/alerts/{id}/acknowledge", { params: { path: { id } }, body: { note } }));

/** @throws ApiError */
export const unacknowledge = ({ id }: Pick<Alert, "id">) =>
  read(api.DELETE("/api/alerts/{id}/acknowledge", { params: { path: { id } } }));

/** Executes a move, measures it and aborts it. @throws ApiError */
export const dryRun = (step: number, direction: Direction, cascade: boolean): Promise<DryRun> =>
  read(
    api.POST("/api/rollback/steps/{step}/dry-run", {
      params: { path: { step: String(step) } },
      body: { direction, cascade },
    }),
  );
