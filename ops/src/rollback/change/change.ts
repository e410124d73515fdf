import type { Kysely, RawBuilder } from "kysely";
import { z } from "zod";
import type { Finding } from "./finding.ts";

/** Any Kysely, whatever its tables: the engine names no table of the service. */
// biome-ignore lint/suspicious/noExplicitAny: the engine must accept a Kysely of every schema
export type Database = Kysely<any>;

export const stepStateSchema = z.enum(["applied", "rolled_back"]);
export type StepState = z.infer<typeof stepStateSchema>;

/** How much a rollback asks of the person: low nothing more, high a reason, critical a reason and the phrase. */
export const riskSchema = z.enum(["none", "low", "high", "critical"]);
export type Risk = z.infer<typeof riskSchema>;

/** One line of a change's impact, computed from live data. `value` is counted in `unit`. */
export const impactSchema = z.object({
  label: z.string(),
  value: z.union([z.number(), z.string()]),
  unit: z.string(),
});
export type Impact = z.infer<typeof impactSchema>;

/** One named check and its evidence. */
export const checkSchema = z.object({ name: z.string(), ok: z.boolean(), detail: z.string() });
export type Check = z.infer<typeof checkSchema>;

/** A production change that can be undone and redone. See {@link defineChange}. */
export interface Change {
  /** The number people call it by; positive, unique among the registered changes. */
  step: number;
  /** Short, kebab-case, unique. */
  name: string;
  /** One sentence in the present tense: what is true while the change is applied. */
  title: string;
  /** Steps that must be applied while this one is. */
  requires: readonly number[];
  risk: Risk;
  /** The phrase that a critical rollback must repeat. */
  acknowledge?: string;
  /** In the order of applying; rolling back goes through them backwards. */
  parts: readonly Part[];
  /** What rolling back would mean now, in numbers from the data. Runs before anything is changed. Nothing when absent. */
  impact?: (db: Database) => Promise<Impact[]>;
  /** Named checks that must hold in the given state, beside those of the parts. None when absent. */
  verify?: (db: Database, state: StepState) => Promise<Check[]>;
  /**
   * Warnings for the dry run and the receipt of a move, each with its remedy: what the move makes possible, or what was
   * written meanwhile that needs a person. Runs after the move in its transaction, so that what it writes (say, what
   * it has told of) is committed with the move, and undone with a dry run. None when absent.
   */
  review?: (db: Database, direction: Direction) => Promise<string[]>;
}

/** A column of an index, `"delivery_date desc"` for one in descending order. */
export type IndexColumn = string | `${string} desc`;

/** An index as a change declares it. */
export interface DeclaredIndex {
  table: string;
  columns: readonly IndexColumn[];
  name: string;
}

/** Runs what locks others out, with one attempt's short lock timeout, again where the lock is not to be had. */
export type Briefly = <T>(attempt: () => Promise<T>) => Promise<T>;

export const directionSchema = z.enum(["rollback", "reapply"]);
export type Direction = z.infer<typeof directionSchema>;

/** Which value wins where a re-apply finds one edited meanwhile: the edited one, the parked one, or neither. */
export const onConflictSchema = z.enum(["keep", "restore", "fail"]);
export type OnConflict = z.infer<typeof onConflictSchema>;

/** What a part did, or would do, to the rows of one table. */
export const rowCountSchema = z.object({
  table: z.string(),
  /** One word for what happens to them: `parked`, `restored`, `returned`, `kept`, `filled`, `unmatched`, ... */
  action: z.string(),
  rows: z.int(),
});
export type RowCount = z.infer<typeof rowCountSchema>;

/** Runs `write` in transactions of its own, one for each range of a table's keys; adds up what they return. */
export type Batches = (
  table: string,
  write: (db: Database, range: RawBuilder<unknown>) => Promise<RowCount[]>,
) => Promise<RowCount[]>;

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
  describe?: Readonly<Record<Direction, string>>;
  /** Tables that the swap locks against everybody, all together and briefly. */
  locks: readonly string[];
  /** Tables whose rows the part writes: locked against other writers before anything is read. */
  writes: readonly string[];
  /** Such tables that only the catalog knows. */
  writesAlso?(db: Database, changes: readonly Change[]): Promise<string[]>;
  /** Tables whose writes the part wants journalled while the step is rolled back: locked against writers, too. */
  journals: readonly string[];
  /** Tables that the part brings: nobody else has to be kept from them. */
  creates?: readonly string[];
  /** Indexes that the part makes. */
  indexed?: readonly DeclaredIndex[];
  /** Names that the service asks for with `active.has(name)`. */
  behaviours: readonly string[];
  /** Creates what the part needs, in constant time on tables that hold rows; does nothing the second time. */
  apply(db: Database, step: number, changes: readonly Change[]): Promise<void>;
  /** At the first application: writes the rows that are there already, in one go or, on large tables, in batches. */
  fill?(inBatches: Batches): Promise<RowCount[]>;
  /** Instead of `apply`, at the first application to large tables: what must not hold writers up, in no transaction. */
  build?(db: Database, step: number, briefly: Briefly): Promise<void>;
  /** What cannot run in a transaction: after that of a rollback, before that of a re-apply, and again after a crash. */
  outside?(db: Database, move: { step: number; direction: Direction; briefly: Briefly }): Promise<void>;
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
  /** What the catalog says against applying it, or against moving it; `state` is undefined before it is applied. */
  findings(db: Database, step: number, state: StepState | undefined): Promise<Finding[]>;
  /** What a move does, or others can see, that a person may not expect; asked where somebody decides. */
  cautions?(db: Database, step: number, state: StepState | undefined): Promise<Finding[]>;
  /** Whether the schema is as declared, in the given state. */
  check(db: Database, step: number, state: StepState): Promise<Check[]>;
  /** What only a rehearsal can tell: called before and after the swap, the two compared line by line. */
  probe?(db: Database, measure: boolean): Promise<Impact[]>;
  /** Columns that hold what another column holds, without a foreign key or in whichever state: ids, where that one does. */
  copies?(db: Database, step: number): Promise<ColumnCopy[]>;
  /** What is parked while the step is rolled back: rows and bytes. */
  parked?(db: Database, step: number): Promise<Parked[]>;
  /** Destroys what is parked. */
  purge?(db: Database, step: number): Promise<RowCount[]>;
}

/** A column that keeps values of another. Tables with their schema where that is not the service's own. */
export interface ColumnCopy {
  table: string;
  column: string;
  of: { table: string; column: string };
}

/** Something parked. */
export const parkedSchema = z.object({
  /** A table, or a column of one. */
  place: z.string(),
  rows: z.int(),
  bytes: z.int(),
});
export type Parked = z.infer<typeof parkedSchema>;
