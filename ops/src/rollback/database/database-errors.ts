import { defineFailure, Failure } from "../../core/failure.ts";
import { isDatabaseUnavailable } from "../../database/index.ts";

/** What a PostgreSQL error tells, as far as it does. Its detail is left out: it repeats values of rows. */
interface Refusal {
  code: string;
  severity: string;
  message: string;
  table?: string;
  constraint?: string;
}

/** The privileges that the engine needs on an object of this kind. */
const privileges: Record<string, string> = {
  database: "create",
  function: "execute",
  schema: "usage, create",
  sequence: "usage, select",
  table: "select, insert, update, delete",
};

const privilegeMissing = defineFailure({
  code: "EB_PERMISSION_DENIED",
  status: 500,
  exitStatus: 4,
  detail: "The role of this connection lacks a privilege: {message}.",
  remedy: '{advice}; "earlybird check" lists further problems.',
});

const permissionDenied = ({ message }: Refusal) => {
  const [, kind = "", name = ""] = /denied for (\w+) (\S+)$/.exec(message) ?? [];
  const grant = privileges[kind] && `grant ${privileges[kind]} on ${kind} ${name} to this role`;
  const advice = grant
    ? `Run ${grant}, or connect as the owner`
    : "Connect as the owner, or grant the privilege";
  return privilegeMissing({ message, advice });
};

const schemaMissing = defineFailure({
  code: "EB_SCHEMA_MISSING",
  status: 409,
  detail: "This database does not have EarlyBird's tables yet.",
  remedy: 'Create them with "earlybird schema", or start the service once.',
});

const tableMissing = defineFailure({
  code: "EB_TABLE_MISSING",
  status: 409,
  exitStatus: 4,
  detail: "A table or column that a change needs is missing: {message}.",
  remedy: 'Run "earlybird check" to find it; restore it, or correct the search_path.',
});

const relationMissing = (refusal: Refusal) =>
  /"?earlybird\./.test(refusal.message) ? schemaMissing() : tableMissing(refusal);

const tableInUse = defineFailure({
  code: "EB_TABLE_IN_USE",
  status: 409,
  exitStatus: 4,
  detail: "A table cannot be altered now: {message}.",
  remedy: "End the transaction or the cursor that uses it, then try again.",
});

const valueRefused = defineFailure({
  code: "EB_VALUE_OUT_OF_RANGE",
  status: 409,
  exitStatus: 4,
  detail: "A value does not fit its column: {message}.",
  remedy: "Correct the expression in the change, or the rows that it reads.",
});

const constraintViolated = defineFailure({
  code: "EB_CONSTRAINT_VIOLATED",
  status: 409,
  exitStatus: 4,
  detail: "The step violates constraint {constraint} of table {table}: {message}.",
  remedy: "Correct the rows that violate it, or the change.",
});

const statementCancelled = defineFailure({
  code: "EB_STATEMENT_CANCELLED",
  status: 503,
  exitStatus: 4,
  detail: "The database cancelled a statement: {message}.",
  remedy: "It was cancelled or reached a time limit. Try again.",
});

const readOnly = defineFailure({
  code: "EB_DATABASE_READ_ONLY",
  status: 503,
  exitStatus: 4,
  detail: "The database accepts no writes: it is a standby, or set to read only.",
  remedy: "Connect to the primary, or wait until the standby is promoted.",
});

const outOfResources = defineFailure({
  code: "EB_DATABASE_OUT_OF_RESOURCES",
  status: 503,
  exitStatus: 4,
  detail: "The database is out of resources: {message}.",
  remedy: "Free disk space, memory or connections on the server, then try again.",
});

const tooLarge = defineFailure({
  code: "EB_DATABASE_LIMIT",
  status: 409,
  exitStatus: 4,
  detail: "A limit of PostgreSQL is exceeded: {message}.",
  remedy: "Make the value or the table smaller, then try again.",
});

const lockRefused = defineFailure({
  code: "EB_LOCK_NOT_OBTAINED",
  status: 503,
  exitStatus: 4,
  detail: "Another transaction prevented the operation: {message}.",
  remedy: "Try again when the database is less busy.",
});

const unavailable = defineFailure({
  code: "EB_DATABASE_UNAVAILABLE",
  status: 503,
  detail: "The database cannot be reached.",
  remedy: "Check that it is running and that DATABASE_URL is correct, then try again.",
});

const otherwiseRefused = defineFailure({
  code: "EB_OPERATION_FAILED",
  status: 500,
  detail: "The database rejected a statement: {message}.",
  remedy: "Correct the SQL of the change; if it is correct, report a bug.",
});

const factories: Record<string, (refusal: Refusal) => Failure> = {
  "25006": () => readOnly(),
  "40001": lockRefused,
  "40P01": lockRefused,
  "42501": permissionDenied,
  "42703": relationMissing,
  "42P01": relationMissing,
  "3F000": relationMissing,
  "55006": tableInUse,
  "55P03": lockRefused,
  "57014": statementCancelled,
};

/** By the first two characters of the SQLSTATE. */
const classes: Record<string, (refusal: Refusal) => Failure> = {
  "22": valueRefused,
  "23": ({ message, table = "(unknown)", constraint = "(unknown)" }) =>
    constraintViolated({ message, table, constraint }),
  "53": outOfResources,
  "54": tooLarge,
};

/**
 * What PostgreSQL refused, or that it cannot be reached, as a Failure; undefined for errors that are none of the
 * database's. `extra.sqlstate` holds PostgreSQL's own code.
 */
export const refusedByDatabase = (error: unknown): Failure | undefined => {
  if (!(error instanceof Error) || error instanceof Failure) return undefined;
  const failure = failureFor(error);
  if (failure) failure.cause = error;
  return failure;
};

const failureFor = (error: Error): Failure | undefined => {
  if (isDatabaseUnavailable(error)) return unavailable();
  if (!isRefusal(error)) return undefined;
  const { code } = error;
  const failure = (factories[code] ?? classes[code.slice(0, 2)] ?? otherwiseRefused)(error);
  failure.extra.sqlstate = code;
  return failure;
};

/** Node's own errors have a code, too, but no severity. */
const isRefusal = (error: Error): error is Error & Refusal => "code" in error && "severity" in error;

/** Runs a piece of the engine's work; what PostgreSQL refuses in it is thrown as a Failure. */
export const translated = async <T>(work: () => Promise<T>): Promise<T> => {
  try {
    return await work();
  } catch (error) {
    throw refusedByDatabase(error) ?? error;
  }
};
