import type { Kysely, RawBuilder } from "kysely";
import { z } from "zod";
import type { Finding } from "./finding.ts";

/** Any Kysely, whatever its tables: the engine names no table of the service. */
// biome-ignore lint/suspicious/noExplicitAny: the engine must accept a Kysely of every schema
export type Database = Kysely<any>;

export const stepStateSchema = z.enum(["applied", "rolled_back"]);
export type StepState = z.infer<typeof stepStateSchema>;

/** What a rollback requires: `high` a reason, `critical` a reason and the acknowledgement phrase. */
export const riskSchema = z.enum(["none", "low", "high", "critical"]);
export type Risk = z.infer<typeof riskSchema>;

/** One line of a change's impact, computed from live data. `value` is counted in `unit`. */
export interface Impact {
  label: string;
  value: number | string;
  unit: string;
  /** The heading that this line shares with others; by default, the line stands alone. */
  group?: string | null;
  /** Distinguishes the line within its group, such as a month or a route; by default, the label. */
  key?: string;
  /** Whether the line summarizes the impact; by default, only the first line of a step does. */
  headline?: boolean;
}

/** A line of impact as reports contain it. */
export const impactLineSchema = z.object({
  label: z.string(),
  value: z.union([z.number(), z.string()]),
  unit: z.string(),
  group: z.string().nullable().describe("The heading that lines share; null for a line on its own."),
  key: z.string().describe("Distinguishes the line within its group, such as a month or a route."),
  headline: z.boolean().describe("Whether the line summarizes the impact; at least one of a step does."),
});
export type ImpactLine = z.infer<typeof impactLineSchema>;

/** One named check and its evidence. */
export const checkSchema = z.object({ name: z.string(), ok: z.boolean(), detail: z.string() });
export type Check = z.infer<typeof checkSchema>;

/** Routes (`"POST /api/orders"`, with parameters as declared) and types of alerts that a change affects. */
export const affectsSchema = z.object({ routes: z.array(z.string()), alerts: z.array(z.string()) });
type Affects = z.infer<typeof affectsSchema>;

/** A production change that can be rolled back and re-applied. See {@link defineChange}. */
export interface Change {
  /** Positive, unique among the registered changes. */
  step: number;
  /** Short, kebab-case, unique. */
  name: string;
  /** One sentence in the present tense: the effect of the applied change. */
  title: string;
  /** Steps that must be applied while this one is. */
  requires: readonly number[];
  risk: Risk;
  /** The phrase that acknowledges a critical rollback. */
  acknowledge?: string;
  /** What users and operators see while the step is rolled back: one or two sentences. */
  whileRolledBack?: string;
  /** What the change affects, in either state: the suspects of an alert name the changes that affect it. */
  affects?: Affects;
  /**
   * When a release applies the change: before the new version serves, or after the old one has stopped. By default,
   * `after` for changes with `rows` or `identifiers`, which the old version would not understand, and else `before`.
   */
  release?: "before" | "after";
  /** In the order of applying; a rollback uses the reverse order. */
  parts: readonly Part[];
  /** The impact of a rollback now, from live data. Runs before anything changes. */
  impact?: (db: Database) => Promise<Impact[]>;
  /** Named checks that must hold in the given state, in addition to those of the parts. */
  verify?: (db: Database, state: StepState) => Promise<Check[]>;
  /**
   * Warnings for the dry run and the report of a move, each with its remedy. Runs after the move, in its transaction: its
   * own writes are committed with the move, and aborted with a dry run.
   */
  review?: (db: Database, direction: Direction) => Promise<string[]>;
}

/** A column of an index, `"delivery_date desc"` for one in descending order. */
export type IndexColumn = string | `${string} desc`;

/** An index that a change declares. */
export interface DeclaredIndex {
  table: string;
  columns: readonly IndexColumn[];
  name: string;
}

/** Runs work that takes locks, with a short lock timeout, and repeats it if the lock is not available. */
export type Briefly = <T>(attempt: () => Promise<T>) => Promise<T>;

export const directionSchema = z.enum(["rollback", "reapply"]);
export type Direction = z.infer<typeof directionSchema>;

/** For a value edited since the rollback: keep the edited one, restore the parked one, or fail. */
export const onConflictSchema = z.enum(["keep", "restore", "fail"]);
export type OnConflict = z.infer<typeof onConflictSchema>;

/** What a part did, or would do, to the rows of one table. */
export const rowCountSchema = z.object({
  table: z.string(),
  /** What happens to the rows, in one word: `parked`, `restored`, `returned`, `kept`, `filled`, `unmatched`, ... */
  action: z.string(),
  rows: z.int(),
});
export type RowCount = z.infer<typeof rowCountSchema>;

/** Runs `write` in separate transactions, one for each range of keys of a table, and adds up the results. */
export type Batches = (
  table: string,
  write: (db: Database, range: RawBuilder<unknown>) => Promise<RowCount[]>,
) => Promise<RowCount[]>;

/** The context in which a part works. */
export interface PartContext {
  /** Bound to the transaction of the step. */
  db: Database;
  step: number;
  direction: Direction;
  /** All registered changes: what one rewrites, another may have parked. */
  changes: readonly Change[];
  /** The operation that `kept_values` are recorded for. */
  operation: string;
  /** For a re-apply: writes after this journal position happened while the step was rolled back. */
  journalFrom: number;
  /** The journalled tables with such writes. */
  writtenMeanwhile: ReadonlySet<string>;
  onConflict: OnConflict;
  /** True if the transaction will be aborted: the part must then do nothing outside of it. */
  rehearsal: boolean;
}

/**
 * A building block of a change. A rollback or re-apply runs each phase for all parts: `prepare` does long work before the
 * lock that blocks readers, `swap` takes constant time under it, and `settle` handles the rows written while the step was
 * rolled back. Phases are idempotent.
 */
export interface Part {
  kind: string;
  /** What a move does, for the documentation: one or two sentences in Markdown. Absent if nothing moves. */
  describe?: Readonly<Record<Direction, string>>;
  /** Tables that the swap locks exclusively, all at once and briefly. */
  locks: readonly string[];
  /** Tables that the part writes: locked against other writers before the first read. */
  writes: readonly string[];
  /** Further such tables, from the catalog. */
  writesAlso?(db: Database, changes: readonly Change[]): Promise<string[]>;
  /** Tables whose writes are journalled while the step is rolled back; also locked against writers. */
  journals: readonly string[];
  /** Tables that the part creates: they need no lock against other sessions. */
  creates?: readonly string[];
  /** Indexes that the part creates. */
  indexed?: readonly DeclaredIndex[];
  /** Names for `active.has(name)`. */
  behaviours: readonly string[];
  /** Creates the structure of the part, in constant time. Idempotent. */
  apply(db: Database, step: number, changes: readonly Change[]): Promise<void>;
  /** At the first application: fills existing rows, in batches on large tables. */
  fill?(inBatches: Batches): Promise<RowCount[]>;
  /** Replaces `apply` at the first application to large tables: outside a transaction, without blocking writers. */
  build?(db: Database, step: number, briefly: Briefly): Promise<void>;
  /** Work that cannot run in a transaction: after a rollback, before a re-apply, and again after a crash. */
  outside?(db: Database, move: { step: number; direction: Direction; briefly: Briefly }): Promise<void>;
  /** Work on many rows while readers continue. Absent if there is none. */
  prepare?(context: PartContext): Promise<RowCount[]>;
  /** Constant time, under the exclusive lock. */
  swap(context: PartContext): Promise<void>;
  /** After the swap: handles rows written while the step was rolled back. */
  settle(context: PartContext): Promise<RowCount[]>;
  /** Counts the rows that the swap moves; separate, because it reads every row. */
  count(db: Database, step: number, direction: Direction): Promise<RowCount[]>;
  /** Estimates the number of rows of a move from planner statistics. */
  estimate(db: Database, step: number, direction: Direction): Promise<number>;
  /** Finds obstacles to applying or moving the part; `state` is undefined before the first application. */
  findings(db: Database, step: number, state: StepState | undefined): Promise<Finding[]>;
  /** Finds side effects of a move to warn about. */
  cautions?(db: Database, step: number, state: StepState | undefined): Promise<Finding[]>;
  /** Checks that the schema matches the declaration in the given state. */
  check(db: Database, step: number, state: StepState): Promise<Check[]>;
  /** Measures the effect of a rehearsal: called before and after the swap, and compared line by line. */
  probe?(db: Database, measure: boolean): Promise<Impact[]>;
  /** Columns that hold what another column holds, without a foreign key or in whichever state: ids, where that one does. */
  copies?(db: Database, step: number): Promise<ColumnCopy[]>;
  /** The values parked while the step is rolled back. */
  parked?(db: Database, step: number): Promise<Parked[]>;
  /** Destroys the parked values. */
  purge?(db: Database, step: number): Promise<RowCount[]>;
}

/** A column that holds values of another column. Tables outside the search path are qualified. */
export interface ColumnCopy {
  table: string;
  column: string;
  of: { table: string; column: string };
}

/** Parked values in one place. */
export const parkedSchema = z.object({
  /** A table, or a column of one. */
  place: z.string(),
  rows: z.int(),
  bytes: z.int(),
});
export type Parked = z.infer<typeof parkedSchema>;
