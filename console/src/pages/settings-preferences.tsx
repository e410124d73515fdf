import { setPreference, type Theme, themes, usePreference } from "../preferences.ts";
import styles from "./settings.module.css";

const labels: Record<Theme, string> = { system: "As the system", night: "Night", day: "Day" };

/** Theme and single keys, kept in this browser. */
export const Appearance = () => {
  const theme = usePreference("theme");
  const keys = usePreference("keys");
  return (
    <>
      <fieldset className={styles.choice}>
        <legend>Theme</legend>
        {themes.map((value) => (
          <label key={value}>
            <input
              type="radio"
              name="theme"
              checked={theme === value}
              onChange={() => setPreference("theme", value)}
            />
            {labels[value]}
          </label>
        ))}
      </fieldset>
      <fieldset className={styles.choice}>
        <legend>Keyboard</legend>
        <label>
          <input
            type="checkbox"
            checked={keys === "on"}
            onChange={({ target }) => setPreference("keys", target.checked ? "on" : "off")}
          />
          Single keys: <kbd>g</kbd> <kbd>n</kbd> opens Now, <kbd>?</kbd> lists all
        </label>
      </fieldset>
    </>
  );
};
