/**
 * A text as every channel and the database can take it: without the character U+0000 and halves of characters,
 * and no longer than `most`.
 */
export const storable = (text: string, most: number): string => {
  const whole = text.length > most ? `${text.slice(0, most - 1)}…` : text;
  return whole.replaceAll("\0", "\ufffd").replaceAll(/\p{Surrogate}/gu, "\ufffd");
};

/** With its type, a key is part of an index of the database, whose entries have a limit. */
const longestKey = 500;
const longestMessage = 1_000;
const longestDetail = 1_000;

export const storableKey = (key: string): string => storable(key, longestKey);

export const storableMessage = (message: string): string => storable(message, longestMessage);

export const storableDetails = (details: Record<string, string | number>): Record<string, string | number> =>
  Object.fromEntries(
    Object.entries(details).map(([name, value]) => [
      storable(name, longestDetail),
      typeof value === "string" ? storable(value, longestDetail) : value,
    ]),
  );

/** A value as JSON that the database takes, whatever the texts in it are. */
export const storableJson = (value: unknown): string =>
  JSON.stringify(value, (_, inner) =>
    typeof inner === "string" ? storable(inner, Number.POSITIVE_INFINITY) : inner,
  );
