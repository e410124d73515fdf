/** A fact from the catalog that concerns the move of a step. */
export interface Finding {
  /** The kind of finding: stable, kebab-case. */
  code: string;
  /** `blocks` refuses the move; `warns` describes a side effect. */
  severity: "blocks" | "warns";
  /** One sentence that describes the finding. */
  detail: string;
  /** One sentence that describes the remedy. */
  remedy: string;
}

/** Formats a finding as one sentence. */
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
