/** Something the catalog says about a step before it moves. */
export interface Finding {
  /** Stable, kebab-case: what kind of thing was found. */
  code: string;
  /** Whether the move is refused; a warning tells what the move will do, or what others can see. */
  severity: "blocks" | "warns";
  /** One sentence that names what was found. */
  detail: string;
  /** One sentence that says what to do about it. */
  remedy: string;
}

/** A finding in one sentence, for lists of what is in the way. */
export const inOneSentence = ({ detail, remedy }: Finding): string => `${detail}: ${remedy}`;

export const blocks = (code: string, detail: string, remedy: string): Finding => ({
  code,
  severity: "blocks",
  detail,
  remedy,
});

export const warns = (code: string, detail: string, remedy: string): Finding => ({
  code,
  severity: "warns",
  detail,
  remedy,
});
