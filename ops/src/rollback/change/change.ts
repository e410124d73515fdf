import type { Kysely } from "kysely";
import { Failure } from "../../core/failure.ts";
import { qualified } from "../parts/declared-index.ts";
import type { Direction, Part } from "../parts/inert-part.ts";

/** Any Kysely, whatever its tables: the engine names no table of the service. */
// biome-ignore lint/suspicious/noExplicitAny: the engine must accept a Kysely of every schema
export type Database = Kysely<any>;

export type StepState = "applied" | "rolled_back";

/** How much a rollback asks of the person: low nothing more, high a reason, critical a reason and the phrase. */
export type Risk = "none" | "low" | "high" | "critical";

/** One line of a change's impact, computed from live data. `value` is counted in `unit`. */
export interface Impact {
  label: string;
  value: number | string;
  unit: string;
}

/** One named check and its evidence. */
export interface Check {
  name: string;
  ok: boolean;
  detail: string;
}

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

const badDeclaration = (step: number, fault: string) =>
  new Failure(
    "EB_CHANGE_DECLARATION",
    500,
    `Change ${step} is declared wrongly: ${fault}.`,
    "Correct its declaration.",
  );

/**
 * Declares a change, reversible by construction: its parts say what it does, the engine knows how to undo
 * each of them.
 *
 * @throws Failure EB_CHANGE_DECLARATION when the declaration contradicts itself
 */
export const defineChange = (change: Change): Change => {
  const fault = (text: string) => badDeclaration(change.step, text);
  if (!Number.isSafeInteger(change.step) || change.step < 1) throw fault("a step is a positive whole number");
  if (!/^[a-z][a-z0-9-]*$/.test(change.name)) throw fault(`the name "${change.name}" is not kebab-case`);
  if (change.requires.includes(change.step)) throw fault("it requires itself");
  if (change.risk === "critical" && !change.acknowledge)
    throw fault("a critical risk needs an acknowledge phrase");
  const turned = change.parts.filter(({ kind }) => kind === "rows").flatMap(({ writes }) => writes);
  const twice = turned.find((table, at) => turned.indexOf(table) !== at);
  if (twice !== undefined)
    throw fault(`two parts turn rows of ${twice}, and both would park them in one table`);
  const names = indexNames(change);
  const same = names.find((name, at) => names.indexOf(name) !== at);
  if (same !== undefined) throw fault(`two of its indexes would be called ${same}`);
  return change;
};

/** The names of the indexes that a change makes, as PostgreSQL cuts them. */
const indexNames = ({ parts }: Change): string[] =>
  parts.flatMap(({ indexed = [] }) => indexed.map(qualified));

/**
 * Checks changes as a set and sorts them by step.
 *
 * @throws Failure EB_CHANGE_DECLARATION for a number, a name or the name of an index used twice, and for a requirement
 *   that is unknown or not lower than the step itself
 */
export const registerChanges = (changes: readonly Change[]): readonly Change[] => {
  const sorted = [...changes].sort((a, b) => a.step - b.step);
  const steps = new Set<number>();
  const names = new Set<string>();
  const indexes = new Set<string>();
  for (const change of sorted) {
    const { step, name, requires } = change;
    if (steps.has(step)) throw badDeclaration(step, "another change has this number");
    if (names.has(name)) throw badDeclaration(step, `another change is called "${name}"`);
    for (const required of requires) {
      if (!steps.has(required)) throw badDeclaration(step, `it requires ${required}, which is no lower step`);
    }
    for (const index of indexNames(change)) {
      if (indexes.has(index)) throw badDeclaration(step, `another change makes an index called ${index}`);
      indexes.add(index);
    }
    steps.add(step);
    names.add(name);
  }
  return sorted;
};
