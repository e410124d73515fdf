import { Failure } from "./failure.ts";

const nullCharacter = (place: string) =>
  new Failure(
    "EB_NULL_CHARACTER",
    400,
    `A text in the ${place} holds the character U+0000, which cannot be stored.`,
    "Send the text without it.",
  );

/**
 * Refuses null characters wherever they hide in a request: PostgreSQL can store every character but this one.
 *
 * @throws Failure EB_NULL_CHARACTER
 */
export const refuseNullCharacters = (parts: { body: unknown; query: unknown; params: unknown }): void => {
  for (const [place, value] of Object.entries(parts)) {
    if (holdsNull(value)) throw nullCharacter(place);
  }
};

const holdsNull = (value: unknown): boolean => {
  if (typeof value === "string") return value.includes("\0");
  if (typeof value !== "object" || value === null) return false;
  return Object.entries(value).some(([name, inner]) => name.includes("\0") || holdsNull(inner));
};
