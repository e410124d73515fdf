import { defineFailure, type Failure } from "../core/failure.ts";

const unknownReference = defineFailure({
  code: "EB_UNKNOWN_REFERENCE",
  status: 422,
  detail: "The request refers to an object that does not exist, or deletes an object that is still in use.",
  remedy: "Check the ids in the request.",
});

const duplicate = defineFailure({
  code: "EB_DUPLICATE",
  status: 409,
  detail: "An object with this value already exists.",
  remedy: "Use the existing object, or choose another value.",
});

const unacceptableValue = defineFailure({
  code: "EB_UNACCEPTABLE_VALUE",
  status: 400,
  detail: "A value is out of range.",
  remedy: "Correct the value; /api/docs describes the request.",
});

const contention = defineFailure({
  code: "EB_CONTENTION",
  status: 503,
  detail: "The request conflicted with another write; nothing was changed.",
  remedy: "Send the same request again.",
});

const refusals: Record<string, () => Failure> = {
  "23503": unknownReference,
  "23505": duplicate,
  "23514": unacceptableValue,
  "22001": unacceptableValue, // text too long
  "22003": unacceptableValue, // number out of range
  "22007": unacceptableValue, // not a date or time
  "22008": unacceptableValue, // date or time out of range
  "22021": unacceptableValue, // character not in the encoding
  "22P02": unacceptableValue, // not a value of the type
  "22P05": unacceptableValue, // character that cannot be translated
  "40001": contention, // serialization failure
  "40P01": contention, // deadlock
  "55P03": contention, // lock timeout
  "57014": contention, // statement timeout
};

/**
 * Translates an error that PostgreSQL raised because of the request's content or a conflicting write into a Failure
 * that reveals no tables or statements; undefined for all other errors.
 */
export const refusalOf = (error: unknown): Failure | undefined => {
  const code = (error as { code?: unknown } | null)?.code;
  return typeof code === "string" && Object.hasOwn(refusals, code) ? refusals[code]?.() : undefined;
};
