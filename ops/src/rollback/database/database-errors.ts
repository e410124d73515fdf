import { Failure } from "../../core/failure.ts";
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

const permissionDenied = ({ message }: Refusal) => {
  const [, kind = "", name = ""] = /denied for (\w+) (\S+)$/.exec(message) ?? [];
  const grant = privileges[kind] && `grant ${privileges[kind]} on ${kind} ${name} to this role`;
  return new Failure(
    "EB_PERMISSION_DENIED",
    500,
    `The role of this connection lacks a privilege: ${message}.`,
    grant
      ? `Run ${grant}, or connect as the owner; "earlybird check" lists what else is in the way.`
      : 'Connect as the owner, or grant what is missing; "earlybird check" lists what else is in the way.',
  ).exitingWith(4);
};

const schemaMissing = () =>
  new Failure(
    "EB_SCHEMA_MISSING",
    409,
    "This database does not have EarlyBird's tables yet.",
    'Create them with "earlybird schema", or start the service once.',
  );

const tableMissing = (refusal: Refusal) =>
  /"?earlybird\./.test(refusal.message)
    ? schemaMissing()
    : new Failure(
        "EB_TABLE_MISSING",
        409,
        `A table or column that a change needs is missing: ${refusal.message}.`,
        'Run "earlybird check" to see which; bring it back, or check the search_path.',
      ).exitingWith(4);

const tableInUse = ({ message }: Refusal) =>
  new Failure(
    "EB_TABLE_IN_USE",
    409,
    `A table cannot be altered now: ${message}.`,
    "End the transaction or the cursor that uses it, then try again.",
  ).exitingWith(4);

const valueRefused = ({ message }: Refusal) =>
  new Failure(
    "EB_VALUE_OUT_OF_RANGE",
    409,
    `A value does not fit its column: ${message}.`,
    "Correct the expression in the change, or the rows that it reads.",
  ).exitingWith(4);

const constraintViolated = ({ message, table, constraint }: Refusal) =>
  new Failure(
    "EB_CONSTRAINT_VIOLATED",
    409,
    `Constraint ${constraint ?? "unknown"} of ${table ?? "a table"} refuses what the step would write: ${message}.`,
    "Correct the rows that violate it, or the change.",
  ).exitingWith(4);

const statementCancelled = ({ message }: Refusal) =>
  new Failure(
    "EB_STATEMENT_CANCELLED",
    503,
    `The database ended a statement of the engine: ${message}.`,
    "Somebody cancelled it, or a time limit did. Try again.",
  ).exitingWith(4);

const readOnly = () =>
  new Failure(
    "EB_DATABASE_READ_ONLY",
    503,
    "The database accepts no writes: it is a standby, or set to read only.",
    "Connect to the primary, or wait until the standby is promoted.",
  ).exitingWith(4);

const outOfResources = ({ message }: Refusal) =>
  new Failure(
    "EB_DATABASE_OUT_OF_RESOURCES",
    503,
    `The database ran out of something: ${message}.`,
    "Free disk space, memory or connections on its server, then try again.",
  ).exitingWith(4);

const tooLarge = ({ message }: Refusal) =>
  new Failure(
    "EB_DATABASE_LIMIT",
    409,
    `A limit of PostgreSQL is exceeded: ${message}.`,
    "Make the value or the table smaller, then try again.",
  ).exitingWith(4);

const lockRefused = ({ message }: Refusal) =>
  new Failure(
    "EB_LOCK_NOT_OBTAINED",
    503,
    `Another transaction was in the way: ${message}.`,
    "Try again when the database is less busy.",
  ).exitingWith(4);

const unavailable = () =>
  new Failure(
    "EB_DATABASE_UNAVAILABLE",
    503,
    "The database cannot be reached.",
    "Check that it runs and that DATABASE_URL is right; then try again.",
  );

const otherwiseRefused = ({ message }: Refusal) =>
  new Failure(
    "EB_OPERATION_FAILED",
    500,
    `The database refused a statement: ${message}.`,
    "Correct the SQL of the change where it is the reason, else report this as a defect.",
  );

const factories: Record<string, (refusal: Refusal) => Failure> = {
  "25006": readOnly,
  "40001": lockRefused,
  "40P01": lockRefused,
  "42501": permissionDenied,
  "42703": tableMissing,
  "42P01": tableMissing,
  "3F000": tableMissing,
  "55006": tableInUse,
  "55P03": lockRefused,
  "57014": statementCancelled,
};

/** By the first two characters of the SQLSTATE. */
const classes: Record<string, (refusal: Refusal) => Failure> = {
  "22": valueRefused,
  "23": constraintViolated,
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
