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

/** Which moves need a second person: `critical`, those of a critical step. */
export type ApprovalPolicy = "none" | "critical";

/** What a {@link RollbackManager} is made from. */
export interface EngineOptions {
  pool: pg.Pool;
  /** A way to the database itself, where `pool` goes through a pooler. */
  direct?: pg.Pool | undefined;
  changes: readonly Change[];
  log: Logger;
  clock?: Clock;
  patience?: LockPatience;
  rowLimits?: Partial<RowLimits>;
  /** Where signed heads of the ledger go; left out, the ledger can be verified only against itself. */
  anchors?: LedgerAnchors | undefined;
  /** Which moves need a second person; none when left out. */
  approval?: ApprovalPolicy;
}

/** Up to how many rows something is done without being asked for twice. */
export interface RowLimits {
  /** So many rows are written, and written off, before a dry run rather estimates. */
  dryRun: number;
  /** So many rows are read, and kept locked meanwhile, before a proof asks for a copy of the database. */
  proof: number;
  /** A table of more rows is filled and indexed beside the traffic when a change is first applied. */
  atOnce: number;
  /** So many rows are filled, and kept from their writers, at a time. */
  batch: number;
}

/** Everything the inner functions share: one engine on one database. */
export interface Engine {
  /** Directly to the database. */
  pool: pg.Pool;
  /** The service's own. */
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
  /** Who brings notices to people, once somebody has said so. */
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
  alarm: undefined,
});

/** The registered changes of these steps, in the order in which the steps are given. */
export const changesOf = ({ changes }: Engine, steps: readonly number[]): Change[] =>
  steps.flatMap((step) => changes.filter((change) => change.step === step));

/** What a selection really moves from where the steps are now, in its order. */
export const changesToMove = async (
  engine: Engine,
  session: Database,
  request: { direction: Direction; selection: StepSelection; cascade: boolean },
): Promise<Change[]> => {
  const states = await readStates(session);
  return changesOf(engine, orderSteps({ changes: engine.changes, states, ...request }));
};
