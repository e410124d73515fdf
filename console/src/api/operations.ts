import {
  infiniteQueryOptions,
  queryOptions,
  useMutation,
  useQuery,
  useQueryClient,
} from "@tanstack/react-query";
import { api, read } from "./client.ts";
import type { Direction } from "./queries.ts";
import type { paths } from "./schema.ts";

type OperationResponses = paths["/api/rollback/operations/{id}"]["get"]["responses"];
export type OperationDetails = OperationResponses[200]["content"]["application/json"];
export type StepReport = OperationDetails["receipts"][number];
export type KeptValue = OperationDetails["kept_values"][number];
export type LedgerPageData =
  paths["/api/rollback/audit"]["get"]["responses"][200]["content"]["application/json"];
export type LedgerEntry = LedgerPageData["entries"][number];

const whileRunningMs = 5_000;

export const operationQuery = (id: string) =>
  queryOptions({
    queryKey: ["rollback", "operations", id],
    queryFn: () => read(api.GET("/api/rollback/operations/{id}", { params: { path: { id } } })),
    // In case that the live stream is lost.
    refetchInterval: ({ state }) => (state.data?.state === "running" ? whileRunningMs : false),
  });

/** An operation; while it runs, the live stream keeps its progress current. */
export const useOperation = (id: string | undefined) =>
  useQuery({ ...operationQuery(id ?? ""), enabled: id !== undefined });

/** The impact of the possible move of a step, which operators can read, too. */
export const previewQuery = (step: number) =>
  queryOptions({
    queryKey: ["rollback", "preview", step],
    queryFn: () =>
      read(api.GET("/api/rollback/steps/{step}/preview", { params: { path: { step: String(step) } } })),
  });

/** Filters of the ledger, as they are in the address. */
export interface LedgerFilter {
  step?: number;
  operator?: string;
  action?: string;
}

const slowlyMs = 30_000;
const pageSize = 50;

export const ledgerQuery = (filter: LedgerFilter) =>
  infiniteQueryOptions({
    queryKey: ["rollback", "audit", filter],
    queryFn: ({ pageParam: before }) =>
      read(
        api.GET("/api/rollback/audit", {
          params: { query: { limit: pageSize, ...filter, ...(before !== null && { before }) } },
        }),
      ),
    initialPageParam: null as string | null,
    getNextPageParam: ({ next }) => next,
    // Older pages would be read again each time.
    refetchInterval: ({ state }) => ((state.data?.pages.length ?? 0) > 1 ? false : slowlyMs),
  });

/** The requests since the end of a move, to verify it by. */
export const sinceQuery = (at: string) =>
  queryOptions({
    queryKey: ["since", at],
    queryFn: () => read(api.GET("/api/health/since", { params: { query: { at } } })),
    refetchInterval: whileRunningMs,
  });

const inBackground = { prefer: "respond-async" };

export interface Move {
  step: number;
  direction: Direction;
  reason: string;
  acknowledge: string[];
  plan?: string | undefined;
  /** Also moves the steps that depend on it, or that it requires. */
  cascade: boolean;
}

/** Starts to roll a step back or to re-apply it. @throws ApiError */
const move = ({ step, direction, reason, acknowledge, plan, cascade }: Move) => {
  const request = {
    params: { path: { step: String(step) }, header: inBackground },
    body: { ...(reason && { reason }), acknowledge, cascade, ...(plan !== undefined && { plan }) },
  };
  return direction === "rollback"
    ? read(api.POST("/api/rollback/steps/{step}/rollback", request))
    : read(api.POST("/api/rollback/steps/{step}/reapply", request));
};

/** Starts a move; its data is the operation that has begun, or the approval that it waits for. */
export const useMove = () => {
  const queries = useQueryClient();
  return useMutation({
    mutationFn: move,
    onSettled: () => queries.invalidateQueries({ queryKey: ["rollback"] }),
  });
};

/** Starts to resume or abort an operation. */
export const useTakeUp = (id: string) => {
  const queries = useQueryClient();
  return useMutation({
    mutationFn: ({ action, reason }: { action: "resume" | "abort"; reason: string }) => {
      const request = { params: { path: { id }, header: inBackground }, body: reason ? { reason } : {} };
      return action === "resume"
        ? read(api.POST("/api/rollback/operations/{id}/resume", request))
        : read(api.POST("/api/rollback/operations/{id}/abort", request));
    },
    onSettled: () => queries.invalidateQueries({ queryKey: ["rollback"] }),
  });
};
