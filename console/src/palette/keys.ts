/** A key as the browser reports it, and where the focus was. */
export interface KeyPress {
  key: string;
  /** Ctrl, Alt or the command key; Shift only makes another character. */
  hasModifier: boolean;
  isCtrlOrCommand: boolean;
  /** In a field where keys are text, or in an open dialog. */
  isTyping: boolean;
}

/** What a key does. `lead` waits for the second key of `g n`. */
export type KeyAction =
  | { kind: "palette" }
  | { kind: "help" }
  | { kind: "lead" }
  | { kind: "go"; key: string }
  | { kind: "move"; by: 1 | -1 }
  | { kind: "filter" };

/**
 * Decides what a key does; undefined if it is not for the console.
 *
 * @param afterLead whether `g` was the key before
 * @param areSingleKeysOn false leaves only Ctrl-K
 */
export const actionOf = (
  { key, hasModifier, isCtrlOrCommand, isTyping }: KeyPress,
  { afterLead, areSingleKeysOn }: { afterLead: boolean; areSingleKeysOn: boolean },
): KeyAction | undefined => {
  if (isCtrlOrCommand && key.toLowerCase() === "k") return { kind: "palette" };
  if (hasModifier || isTyping || !areSingleKeysOn) return undefined;
  if (afterLead) return { kind: "go", key };
  return single[key];
};

const single: Readonly<Record<string, KeyAction>> = {
  g: { kind: "lead" },
  j: { kind: "move", by: 1 },
  k: { kind: "move", by: -1 },
  "/": { kind: "filter" },
  "?": { kind: "help" },
};
