/** The types of `earlybird.config.js`. Every command loads this module, so it imports no implementation. */
import type pg from "pg";
import type { AlertDeclaration } from "./alerts/index.ts";
import type { BackupManager } from "./backups/index.ts";
import type { Logger } from "./core/logger.ts";
import type { Journey, JourneyContext, Releases, SlotListening } from "./deployment/index.ts";
import type { ApiVersion } from "./http/api-version.ts";
import type { GaugeDeclaration } from "./monitoring/index.ts";
import type { Change, RollbackManager } from "./rollback/index.ts";
import type { Settings } from "./settings/settings.ts";

export { defineFailure, Failure } from "./core/failure.ts";

/** What `earlybird start` passes to a service once the database is ready. */
export interface ServeContext {
  /** Of the service, as `defineService` got it. */
  version: string;
  pool: pg.Pool;
  /** Connects without a pooler; `Changes` needs it. The same object as `pool` unless DATABASE_DIRECT_URL is set. */
  direct: pg.Pool;
  rollback: RollbackManager;
  /** As the settings want them. Without it, the service serves none. */
  backups?: BackupManager | undefined;
  /** What the plugin needs to serve releases. Pass it on as its option `releases`. */
  releases?: Releases | undefined;
  settings: Settings;
  /** Absolute path of the data directory. */
  dataDir: string;
  log: Logger;
  /**
   * Present behind the front of `earlybird start`: call `attach` with the HTTP server, then listen on `path` instead of
   * HOST and PORT. A service that ignores it listens itself, and has no releases.
   */
  slot?: SlotListening;
}

export type { Journey, JourneyContext, SlotListening };

export interface RunningService {
  /** Printed once the service listens: its address and first steps. */
  greeting: string;
  /** Finishes the requests in progress and releases everything except the database. */
  close(): Promise<void>;
}

/** The context of `earlybird admin invite`. */
export interface InviteContext extends Pick<ServeContext, "pool" | "settings" | "dataDir" | "log"> {
  /** The user of the operating system. */
  requestedBy: string;
  /** `cli` and the host's name. */
  origin: string;
  reason?: string;
}

/** An invitation that creates one admin, once. */
export interface AdminInvitation {
  token: string;
  expiresAt: Date;
  /** Where the service accepts it, as `/api/...`. */
  path: string;
}

/** The gauges and alerts that a service passes to `startMonitoring`. */
export interface MonitoringDeclarations {
  gauges?: readonly GaugeDeclaration[];
  alerts?: readonly AlertDeclaration[];
}

/** A service that EarlyBird manages: the default export of `earlybird.config.js`. */
export interface Service {
  name: string;
  version: string;
  changes: readonly Change[];
  /** The API versions of the service, as the plugin gets them: the front sends a version that one slot has to that slot. */
  apiVersions?: readonly ApiVersion[];
  /** Steps without which the service must not be released, such as one that authenticates requests. */
  requiredSteps?: readonly number[];
  /** Creates the tables that exist before any change, if they are missing. */
  createSchema?: (pool: pg.Pool, settings: Settings) => Promise<void>;
  /** Demo data, which `start` loads if `isEmpty` resolves to true. Never called in production. */
  demo?: {
    isEmpty: (pool: pg.Pool) => Promise<boolean>;
    seed: (pool: pg.Pool, options: SeedRequest) => Promise<Record<string, unknown>>;
    /** The logins of the demo that exist; the preflight refuses them in production. */
    logins?: (pool: pg.Pool) => Promise<string[]>;
    /** For `earlybird release start --demo`. */
    releases?: () => Promise<ReleaseDemo>;
  };
  /** Loaded for `earlybird alerts rules`, such as `() => import("./monitoring.js")`. */
  monitoring?: () => Promise<MonitoringDeclarations>;
  /** What users do first, tried on a version before they get it, by `earlybird smoke`. Journeys only read. */
  journeys?: () => Promise<readonly Journey[]>;
  serve?: (context: ServeContext) => Promise<RunningService>;
  /** Creates an invitation for an admin and records it in the ledger. */
  inviteAdmin?: (context: InviteContext) => Promise<AdminInvitation>;
}

export interface SeedRequest {
  customers?: number;
  days?: number;
  seed?: number;
  onProgress?: (stage: string, rows: number) => void;
}

/** What `earlybird release start --demo` shows a release with. */
export interface ReleaseDemo {
  /** A version of the service with a fault that its users meet. */
  broken: (service: Service) => Service;
  /** Sends requests of many clients to an address, until the signal aborts. Resolves with what became of them. */
  traffic: (
    context: Pick<ServeContext, "pool" | "settings" | "dataDir"> & {
      url: string;
      signal: AbortSignal;
      onCount: (counts: TrafficCounts) => void;
    },
  ) => Promise<void>;
}

/** Requests of a demonstration since its start. */
export interface TrafficCounts {
  requests: number;
  /** Responses of 500 and above. */
  failed: number;
  /** Requests without a response. */
  lost: number;
}

/** Returns its argument; gives an object literal the type {@link Service}. */
export const defineService = (service: Service): Service => service;
