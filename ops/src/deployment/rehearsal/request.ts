import type pg from "pg";
import type { Clock } from "../../core/clock.ts";
import type { InstalledVersion } from "../journeys/index.ts";

/** A restored backup, as `BackupManager.withCopy` opens it. */
export interface RestoredCopy {
  readonly settings: pg.ClientConfig;
  /** The time that the data is of. */
  readonly at: Date;
  /** For temporary files. */
  readonly directory: string;
}

/** The part of `BackupManager` that a rehearsal needs. */
export interface Copies {
  withCopy<T>(
    id: string,
    work: (copy: RestoredCopy) => Promise<T>,
    options?: { signal?: AbortSignal },
  ): Promise<T>;
}

/** The part of a `Release` that a rehearsal needs. */
export interface RehearsedRelease {
  id: string;
  from: { artefact: InstalledVersion };
  to: { artefact: InstalledVersion };
  steps: { before: readonly number[]; after: readonly number[] };
}

export interface RehearsalLimits {
  /** Until a version is ready; default: two minutes. */
  startMs: number;
  /** For the smoke test of a version; default: three minutes. */
  smokeMs: number;
  /** For all steps of an act; default: two hours. */
  stepsMs: number;
}

export interface RehearsalRequest {
  release: RehearsedRelease;
  backups: Copies;
  backupId: string;
  /** The environment of the programs; the settings that send something to somebody are taken out. */
  env: NodeJS.ProcessEnv;
  clock: Clock;
  /** Called with the name of each act as it begins. */
  onProgress?: ((act: string) => void) | undefined;
  signal?: AbortSignal | undefined;
  /** Queries to plan before and after the steps, from `readHotQueries`. Without them, check 25 is unknown. */
  hotQueries?: readonly string[] | null;
  limits?: Partial<RehearsalLimits>;
}

export const usualLimits: RehearsalLimits = { startMs: 120_000, smokeMs: 180_000, stepsMs: 7_200_000 };
