import { useState } from "react";
import type { ReleaseCommand, ReleaseDetails } from "../api/releases.ts";
import { useSession } from "../api/session.ts";
import { useOfflineReason } from "../server/link.ts";
import { Button } from "../ui/button.tsx";
import styles from "./release.module.css";
import { ReleaseDialog } from "./release-dialog.tsx";
import { commandWords, isOver } from "./release-words.ts";

const quietCommands = ["hold", "advance", "accept", "ack"] as const;

/** What an admin can tell a release. Each button opens a dialog that asks for the reason. */
export const ReleaseActions = ({ release: { id, state, actions } }: { release: ReleaseDetails }) => {
  const { can } = useSession();
  const [chosen, setChosen] = useState<ReleaseCommand>();
  const offline = useOfflineReason();
  if (!can.move)
    return isOver(state) ? null : (
      <p className={`${styles.actions} t2`}>Telling a release what to do needs an admin.</p>
    );
  const refusedOf = (command: ReleaseCommand) =>
    actions.find(({ action }) => action === command)?.refused ?? null;
  return (
    <div className={styles.actions}>
      {/* Never disabled, whatever this browser believes of the connection: the request itself shows it. */}
      {refusedOf("revert") === null && (
        <div className={styles.revert}>
          <Button onClick={() => setChosen("revert")}>{commandWords.revert.label}</Button>
        </div>
      )}
      {!isOver(state) && (
        <div className={styles.quiet}>
          {quietCommands.map((command) => (
            <Button
              key={command}
              quiet
              missing={offline ?? refusedOf(command) ?? undefined}
              onClick={() => setChosen(command)}
            >
              {commandWords[command].label}
            </Button>
          ))}
        </div>
      )}
      {chosen && <ReleaseDialog id={id} command={chosen} onClose={() => setChosen(undefined)} />}
    </div>
  );
};
