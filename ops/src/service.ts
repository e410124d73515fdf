/** What `earlybird.config.js` is made of: commands load it, and with it nothing of the rest of the platform. */
import type pg from "pg";
import type { Logger } from "./core/logger.ts";
import type { Change, RollbackManager } from "./rollback/index.ts";
import type { Settings } from "./settings/settings.ts";

export { Failure } from "./core/failure.ts";

/** What `earlybird start` hands to a service once its database is ready. */
export interface ServeContext {
  pool: pg.Pool;
  /** Without a pooler in between: for `Changes`. The same as `pool` where that has none. */
  direct: pg.Pool;
  rollback: RollbackManager;
  settings: Settings;
  /** Absolute path of the data directory. */
  dataDir: string;
  log: Logger;
}

export interface RunningService {
  /** Printed once it listens: where it is, and what to try. */
  greeting: string;
  /** Finishes the requests under way and lets go of everything but the database. */
  close(): Promise<void>;
}

/** Who makes an invitation, on which database. */
export interface InviteContext extends Pick<ServeContext, "pool" | "settings" | "dataDir" | "log"> {
  /** The user of the operating system. */
  requestedBy: string;
  /** `cli` and the host's name. */
  origin: string;
  reason?: string;
}

/** With which one admin can be made, once. */
export interface AdminInvitation {
  token: string;
  expiresAt: Date;
  /** Where the service accepts it, as `/api/...`. */
  path: string;
}

/** A service that EarlyBird looks after, as `earlybird.config.js` exports it by default. */
export interface Service {
  name: string;
  version: string;
  changes: readonly Change[];
  /** Creates the tables that exist before any change, where they are absent. */
  createSchema?: (pool: pg.Pool, settings: Settings) => Promise<void>;
  /** Loads demo data into empty tables; `isEmpty` says whether `start` should. Never called in production. */
  demo?: {
    isEmpty: (pool: pg.Pool) => Promise<boolean>;
    seed: (pool: pg.Pool, options: SeedRequest) => Promise<Record<string, unknown>>;
  };
  serve?: (context: ServeContext) => Promise<RunningService>;
  /** Makes an invitation for an admin and records it in the ledger; for `earlybird admin invite`. */
  inviteAdmin?: (context: InviteContext) => Promise<AdminInvitation>;
}

export interface SeedRequest {
  customers?: number;
  days?: number;
  seed?: number;
  onProgress?: (stage: string, rows: number) => void;
}

/** Says of an object that it is a {@link Service}; returns it as it is. */
export const defineService = (service: Service): Service => service;
