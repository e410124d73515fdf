import { defineFailure } from "../core/failure.ts";

/** No valid request is nested deeper; a body of the maximum size could have a hundred thousand levels. */
const deepest = 64;

const nullCharacter = defineFailure({
  code: "EB_NULL_CHARACTER",
  status: 400,
  detail: "A text in the {place} contains the character U+0000, which cannot be stored.",
  remedy: "Remove the character.",
});

const tooDeep = defineFailure({
  code: "EB_TOO_DEEP",
  status: 400,
  detail: `The {place} has more than ${deepest} nested levels.`,
  remedy: "Send less nested JSON; /api/docs describes the request.",
});

/**
 * Refuses null characters anywhere in a request, since PostgreSQL cannot store them, and JSON nested so deeply that
 * recursive code would overflow the stack.
 *
 * @throws Failure EB_NULL_CHARACTER, EB_TOO_DEEP
 */
export const refuseUnstorable = (parts: { body: unknown; query: unknown; params: unknown }): void => {
  for (const [place, value] of Object.entries(parts)) look(place, value, 1);
};

const look = (place: string, value: unknown, depth: number): void => {
  if (typeof value === "string" && value.includes("\0")) throw nullCharacter({ place });
  if (typeof value !== "object" || value === null) return;
  if (depth > deepest) throw tooDeep({ place });
  for (const [name, inner] of Object.entries(value)) {
    look(place, name, depth);
    look(place, inner, depth + 1);
  }
};
