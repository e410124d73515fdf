import { inspect } from "node:util";

/**
 * A text as every channel and the database can take it: without the character U+0000 and halves of characters,
 * and no longer than `most`. What is no text, as a service in plain JavaScript may give it, becomes one.
 */
export const sanitizeText = (given: unknown, most: number): string => {
  const text = String(given);
  const whole = text.length > most ? `${text.slice(0, most - 1)}…` : text;
  return whole.replaceAll("\0", "\ufffd").replaceAll(/\p{Surrogate}/gu, "\ufffd");
};

/** With its type, a key is part of an index of the database, whose entries have a limit. */
const longestKey = 500;
const longestMessage = 1_000;
const longestDetail = 1_000;

export const sanitizeKey = (key: string): string => sanitizeText(key, longestKey);

export const sanitizeMessage = (message: string): string => sanitizeText(message, longestMessage);

/**
 * Details as JSON can carry them, whatever was given: one value that it cannot would keep all alerts from being
 * answered and saved. What is neither a text nor a finite number becomes a text; undefined is left out.
 */
export const sanitizeDetails = (
  details: Readonly<Record<string, unknown>>,
): Record<string, string | number> =>
  Object.fromEntries(
    Object.entries(details)
      .filter(([, value]) => value !== undefined)
      .map(([name, value]) => [sanitizeText(name, longestDetail), storableDetail(value)]),
  );

const storableDetail = (value: unknown): string | number => {
  if (typeof value === "number" && Number.isFinite(value)) return value;
  // An object's own toString or toJSON may throw.
  const text =
    typeof value === "string" ? value : inspect(value, { customInspect: false, breakLength: Infinity });
  return sanitizeText(text, longestDetail);
};

/** A value as JSON that the database takes, whatever the texts in it are. */
export const storableJson = (value: unknown): string =>
  JSON.stringify(value, (_, inner) =>
    typeof inner === "string" ? sanitizeText(inner, Number.POSITIVE_INFINITY) : inner,
  );
