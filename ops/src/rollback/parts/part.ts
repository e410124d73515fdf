import type { Check, Database, StepState } from "../change.ts";

/** What a part did, or would do, to the rows of one table. */
export interface RowCount {
  table: string;
  /** One word of what happens to them: `parked`, `restored`, `backfilled`, `kept`, `updated`. */
  action: string;
  rows: number;
}

/** What a part is given to work with. */
export interface PartContext {
  /** Inside the step's transaction, unless said otherwise. */
  db: Database;
  step: number;
}

/**
 * A building block of a change. All of its work is idempotent: doing what is done changes nothing.
 */
export interface Part {
  kind: string;
  /** Tables whose exclusive lock the swap needs, so that they can be locked together and briefly. */
  tables: readonly string[];
  /** Names that the service asks for with `active.has(name)`. */
  behaviours?: readonly string[];
  /** Creates what the part needs, for the first time. */
  apply(context: PartContext): Promise<void>;
  rollback(context: PartContext): Promise<RowCount[]>;
  reapply(context: PartContext): Promise<RowCount[]>;
  /**
   * Counts what a swap in constant time moved, in the given state. Its own method because counting reads
   * every row: a dry run counts inside its transaction, a real run after its commit.
   */
  count?(context: PartContext, state: StepState): Promise<RowCount[]>;
  /** Whether the schema is as declared, in the given state. */
  check(context: PartContext, state: StepState): Promise<Check[]>;
}
