import { useSession } from "../api/session.ts";
import { pagesFor } from "../navigation.ts";
import { usePreference } from "../preferences.ts";
import { Button } from "../ui/button.tsx";
import { Dialog } from "./dialog.tsx";
import styles from "./palette.module.css";
import { closePalette } from "./palette-state.ts";

/** The keys of the console. */
export const KeysHelp = () => {
  const areSingleKeysOn = usePreference("keys") === "on";
  const pages = pagesFor(useSession()).flatMap((page) =>
    "key" in page ? [{ keys: ["g", page.key], does: `Open ${page.label}` }] : [],
  );
  const keys = [
    { keys: ["Ctrl K"], does: "Find pages, steps, alerts, operations and routes" },
    ...pages,
    { keys: ["j"], does: "Next row" },
    { keys: ["k"], does: "Previous row" },
    { keys: ["/"], does: "Filter" },
    { keys: ["?"], does: "This list" },
    { keys: ["Esc"], does: "Close" },
  ];
  return (
    <Dialog label="Keys">
      <div className={styles.help}>
        <h2>Keys</h2>
        <dl>
          {keys.map(({ keys, does }) => (
            <div key={does}>
              <dt>
                {keys.map((key) => (
                  <kbd key={key}>{key}</kbd>
                ))}
              </dt>
              <dd>{does}</dd>
            </div>
          ))}
        </dl>
        {!areSingleKeysOn && (
          <p className="t2">Single keys are switched off in the settings; Ctrl K always works.</p>
        )}
        <Button quiet onClick={closePalette}>
          Close
        </Button>
      </div>
    </Dialog>
  );
};
