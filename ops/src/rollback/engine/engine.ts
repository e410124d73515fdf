import type pg from "pg";
import { type Clock, systemClock } from "../../core/clock.ts";
import type { Logger } from "../../core/logger.ts";
import type { LedgerAnchors } from "../audit/anchors.ts";
import type { Change, Database, Direction } from "../change/change.ts";
import { registerChanges } from "../change/define-change.ts";
import { orderSteps } from "../change/dependencies.ts";
import type { StepSelection } from "../change/step-range.ts";
import { defaultPatience, type LockPatience } from "../database/lock-retry.ts";
import { engineDatabase } from "../database/session.ts";
import type { Alarm } from "./alarm.ts";
import { readStates } from "./states.ts";

/** The moves that need approval by a second person: `critical` means those of critical steps. */
export type ApprovalPolicy = "none" | "critical";

/** The options of a {@link RollbackManager}. */
export interface EngineOptions {
  pool: pg.Pool;
  /** A direct connection to the database, if `pool` goes through a pooler. */
  direct?: pg.Pool | undefined;
  changes: readonly Change[];
  log: Logger;
  clock?: Clock;
  patience?: LockPatience;
  rowLimits?: Partial<RowLimits>;
  /** Stores signed heads of the ledger; without it, the ledger can be verified only against itself. */
  anchors?: LedgerAnchors | undefined;
  /** The moves that need approval by a second person; `none` by default. */
  approval?: ApprovalPolicy;
  /** The newest backup that was proven by a restore. Without it, a dry run does not mention backups. */
  lastVerifiedBackup?: LastVerifiedBackup | undefined;
}

/** Finds a backup, with the moment that it holds. */
export type LastVerifiedBackup = () => Promise<{ id: string; at: Date } | undefined>;

/** The numbers of rows up to which the engine uses the simple method. */
export interface RowLimits {
  /** Above it, a dry run estimates instead of executing. */
  dryRun: number;
  /** Above it, a proof is refused and needs a copy of the database, because it locks what it reads. */
  proof: number;
  /** Above it, the first application fills and indexes a table online. */
  atOnce: number;
  /** The rows filled, and locked against writers, in one batch. */
  batch: number;
}

/** The dependencies that the functions of the engine share. */
export interface Engine {
  /** Connects directly to the database. */
  pool: pg.Pool;
  /** The pool of the service, possibly through a pooler. */
  servicePool: pg.Pool;
  /** Outside of any transaction. */
  db: Database;
  changes: readonly Change[];
  clock: Clock;
  log: Logger;
  patience: LockPatience;
  rowLimits: RowLimits;
  anchors: LedgerAnchors | undefined;
  approval: ApprovalPolicy;
  lastVerifiedBackup: LastVerifiedBackup | undefined;
  /** Delivers notices, once set. */
  alarm: Alarm | undefined;
}

const defaultRowLimits: RowLimits = { dryRun: 1_000_000, proof: 500_000, atOnce: 10_000, batch: 5_000 };

export const createEngine = ({
  pool: servicePool,
  direct: pool = servicePool,
  changes,
  log,
  clock = systemClock,
  patience = defaultPatience,
  rowLimits,
  anchors,
  approval = "none",
  lastVerifiedBackup,
}: EngineOptions): Engine => ({
  pool,
  servicePool,
  db: engineDatabase(pool),
  changes: registerChanges(changes),
  clock,
  log,
  patience,
  rowLimits: { ...defaultRowLimits, ...rowLimits },
  anchors,
  approval,
  lastVerifiedBackup,
  alarm: undefined,
});

/** The registered changes of these steps, in the order in which the steps are given. */
export const changesOf = ({ changes }: Engine, steps: readonly number[]): Change[] =>
  steps.flatMap((step) => changes.filter((change) => change.step === step));

/** The changes of a selection that have to move, given the current states, in order. */
export const changesToMove = async (
  engine: Engine,
  session: Database,
  request: { direction: Direction; selection: StepSelection; cascade: boolean },
): Promise<Change[]> => {
  const states = await readStates(session);
  return changesOf(engine, orderSteps({ changes: engine.changes, states, ...request }));
};
