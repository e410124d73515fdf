import type { Change, Check, Database, Impact, StepState } from "../change.ts";
import type { Journalled } from "../journal.ts";
import type { IdentifierPlace } from "./identifier-places.ts";

export type Direction = "rollback" | "reapply";

/** Which value wins where a re-apply finds one edited meanwhile: the edited one, the parked one, or neither. */
export type OnConflict = "keep" | "restore" | "fail";

/** What a part did, or would do, to the rows of one table. */
export interface RowCount {
  table: string;
  /** One word for what happens to them: `parked`, `restored`, `returned`, `kept`, `filled`, `unmatched`, ... */
  action: string;
  rows: number;
}

/** What a part is given to work with. */
export interface PartContext {
  /** Bound to the transaction of the step. */
  db: Database;
  step: number;
  direction: Direction;
  /** All registered changes: what one rewrites, another may have parked. */
  changes: readonly Change[];
  /** The operation that `kept_values` are recorded for. */
  operation: string;
  /** When re-applying: what was written after this journal position was written while the step was away. */
  journalFrom: number;
  /** The journalled tables in which anything was. */
  writtenMeanwhile: ReadonlySet<string>;
  onConflict: OnConflict;
  /** Whether the transaction will be aborted: then nothing may be done outside of it. */
  rehearsal: boolean;
}

/**
 * A building block of a change. A rollback or re-apply goes through its phases, each through all parts: what
 * is long comes before the lock that stops readers, what needs that lock takes constant time, and what is
 * left concerns the few rows written meanwhile. Doing what is done changes nothing.
 */
export interface Part {
  kind: string;
  /** What moving it does, a sentence or two in Markdown for whoever decides. Absent where nothing moves. */
  says?: Readonly<Record<Direction, string>>;
  /** Tables that the swap locks against everybody, all together and briefly. */
  locks: readonly string[];
  /** Tables whose writes the part wants journalled while the step is rolled back. */
  journals: readonly Journalled[];
  /** Names that the service asks for with `active.has(name)`. */
  behaviours: readonly string[];
  /** Creates what the part needs, once. */
  apply(db: Database, step: number, changes: readonly Change[]): Promise<void>;
  /** What cannot run in a transaction (concurrent index builds); before it, and again after a crash. */
  outside?(db: Database, step: number, direction: Direction): Promise<void>;
  /** Work on many rows, while others read. Absent where there is none: the swap then waits for nothing. */
  prepare?(context: PartContext): Promise<RowCount[]>;
  /** Constant time, under the exclusive lock. */
  swap(context: PartContext): Promise<void>;
  /** After the swap: rows written while the step was away. */
  settle(context: PartContext): Promise<RowCount[]>;
  /** What the swap moves; apart from it, because counting reads every row. */
  count(db: Database, step: number, direction: Direction): Promise<RowCount[]>;
  /** About how many rows a move concerns, from the planner's statistics alone. */
  estimate(db: Database, step: number, direction: Direction): Promise<number>;
  /** What stands in the way of moving it, a sentence each. */
  blockers(db: Database, step: number): Promise<string[]>;
  /** Whether the schema is as declared, in the given state. */
  check(db: Database, step: number, state: StepState): Promise<Check[]>;
  /** What only a rehearsal can tell: called before and after the swap, the two compared line by line. */
  probe?(db: Database, measure: boolean): Promise<Impact[]>;
  /** Where the part keeps ids of other rows without a foreign key, in whichever state. */
  holdsIds?(step: number): readonly IdentifierPlace[];
  /** What is parked while the step is rolled back: rows and bytes. */
  parked?(db: Database, step: number): Promise<Parked[]>;
  /** Destroys what is parked. */
  purge?(db: Database, step: number): Promise<RowCount[]>;
}

/** Something parked. */
export interface Parked {
  /** A table, or a column of one. */
  place: string;
  rows: number;
  bytes: number;
}

/** A part that does nothing; each kind of part says what it does beyond that. */
export const inertPart = {
  locks: [],
  journals: [],
  behaviours: [],
  apply: async () => undefined,
  swap: async () => undefined,
  settle: async () => [],
  count: async () => [],
  estimate: async () => 0,
  blockers: async () => [],
  check: async () => [],
} satisfies Partial<Part>;
