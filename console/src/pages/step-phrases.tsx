import type { Step } from "../api/queries.ts";
import { Icon } from "../ui/icon.tsx";
import styles from "./step.module.css";

type Typed = Readonly<Record<string, string>>;

/** The phrases that acknowledge critical steps: typed or pasted, never filled in. */
export const Phrases = ({
  phrases,
  moving,
  typed,
  onType,
}: {
  phrases: readonly string[];
  moving: readonly Step[];
  typed: Typed;
  onType: (typed: Typed) => void;
}) =>
  phrases.map((phrase) => {
    const text = typed[phrase] ?? "";
    const step = moving.find(({ acknowledge }) => acknowledge === phrase);
    return (
      <label key={phrase} className={styles.field}>
        <span className={styles.question}>
          <i>2</i> Confirm the risk{phrases.length > 1 && ` of step ${step?.step}`}
        </span>
        <span className="t2">
          {phrases.length > 1 ? `Step ${step?.step}` : "This step"} is{" "}
          <b className="critical">
            <Icon name="critical" /> critical
          </b>
          . Type <b className={styles.phrase}>{phrase}</b>.
        </span>
        <input
          className="mono"
          value={text}
          autoComplete="off"
          spellCheck={false}
          autoCapitalize="none"
          onChange={(event) => onType({ ...typed, [phrase]: event.target.value })}
        />
        <span className={styles.hint}>{hintOf(phrase, text)}</span>
      </label>
    );
  });

const hintOf = (phrase: string, text: string): string => {
  if (text === "") return "";
  if (text === phrase) return "It matches.";
  return phrase.startsWith(text) ? "It matches so far." : "It does not match.";
};
