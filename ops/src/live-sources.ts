import type { AlertManager } from "./alerts/index.ts";
import type { LiveSources } from "./console/index.ts";
import type { ReleaseHistory } from "./deployment/index.ts";
import { currentDetails, type MonitoringService, SliceMeter } from "./monitoring/index.ts";
import type { RollbackManager } from "./rollback/index.ts";

export interface LiveSourcesOptions {
  monitoring: MonitoringService;
  alerts: Pick<AlertManager, "activeAnywhere" | "mutes">;
  /** Of the service. */
  version: string;
  rollback?: Pick<RollbackManager, "listOperations" | "getOperationDetails"> | undefined;
  releases?: Pick<ReleaseHistory, "newest"> | undefined;
}

/** What the live stream of the console reports. */
export const liveSources = ({
  monitoring,
  alerts,
  version,
  rollback,
  releases,
}: LiveSourcesOptions): LiveSources => {
  let meter: SliceMeter | undefined;
  return {
    health: () => currentDetails({ monitoring, version }),
    onHealth: (listener) => monitoring.onSnapshot(listener),
    alerts: () => alerts.activeAnywhere(),
    mutes: () => alerts.mutes(),
    operation: async () => {
      const [operation] = (await rollback?.listOperations(1)) ?? [];
      if (!rollback || !operation) return null;
      const details = operation.state === "running" ? await rollback.getOperationDetails(operation.id) : null;
      const progress = details?.progress ?? null;
      return {
        // The number of receipts makes each finished step a change of its own.
        operation: details ? { ...operation, steps_done: details.receipts.length } : operation,
        progress: progress && { operation: operation.id, ...progress },
      };
    },
    release: async () => (await releases?.newest()) ?? null,
    slice: () => {
      meter ??= new SliceMeter(monitoring);
      const { from, to, routes } = meter.take();
      return {
        from: from.toISOString(),
        to: to.toISOString(),
        routes: routes.map(({ route, method, requests, errors, totalMs }) => ({
          ...{ route, method, requests, errors },
          mean_ms: Math.round((totalMs / requests) * 1000) / 1000,
        })),
      };
    },
  };
};
