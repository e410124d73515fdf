import { defineFailure } from "../../core/failure.ts";
import type { Change, DeclaredIndex } from "./change.ts";

/** The index with its schema, where its table has one: an index lies where its table does. */
export const qualified = ({ table, name }: DeclaredIndex): string => {
  const at = table.lastIndexOf(".");
  return at < 0 ? name : `${table.slice(0, at)}.${name}`;
};

const badDeclaration = defineFailure({
  code: "EB_CHANGE_DECLARATION",
  status: 500,
  detail: "The declaration of change {step} is invalid: {fault}.",
  remedy: "Correct the declaration.",
});

/**
 * Declares a change, reversible by construction: its parts say what it does, the engine knows how to undo
 * each of them.
 *
 * @throws Failure EB_CHANGE_DECLARATION when the declaration contradicts itself
 */
export const defineChange = (change: Change): Change => {
  const fault = (text: string) => badDeclaration({ step: change.step, fault: text });
  if (!Number.isSafeInteger(change.step) || change.step < 1) throw fault("a step is a positive whole number");
  if (!/^[a-z][a-z0-9-]*$/.test(change.name)) throw fault(`the name "${change.name}" is not kebab-case`);
  if (change.requires.includes(change.step)) throw fault("it requires itself");
  if (change.risk === "critical" && !change.acknowledge)
    throw fault("a critical risk needs an acknowledge phrase");
  const route = change.affects?.routes.find((each) => !/^[A-Z]+ \/\S*$/.test(each));
  if (route !== undefined) throw fault(`the affected route "${route}" is not a method and a path`);
  const turned = change.parts.filter(({ kind }) => kind === "rows").flatMap(({ writes }) => writes);
  const twice = turned.find((table, at) => turned.indexOf(table) !== at);
  if (twice !== undefined)
    throw fault(`two parts turn rows of ${twice}, and both would park them in one table`);
  const names = indexNames(change);
  const same = names.find((name, at) => names.indexOf(name) !== at);
  if (same !== undefined) throw fault(`two of its indexes would be called ${same}`);
  return change;
};

/** When a release applies a change: see {@link Change.release}. */
export const releaseTimeOf = ({ release, parts }: Change): "before" | "after" =>
  release ?? (parts.some(({ kind }) => kind === "rows" || kind === "identifiers") ? "after" : "before");

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
    if (steps.has(step)) throw badDeclaration({ step, fault: "another change has this number" });
    if (names.has(name)) throw badDeclaration({ step, fault: `another change is called "${name}"` });
    for (const required of requires) {
      if (!steps.has(required))
        throw badDeclaration({ step, fault: `it requires ${required}, which is no lower step` });
    }
    for (const index of indexNames(change)) {
      if (indexes.has(index))
        throw badDeclaration({ step, fault: `another change makes an index called ${index}` });
      indexes.add(index);
    }
    steps.add(step);
    names.add(name);
  }
  return sorted;
};
