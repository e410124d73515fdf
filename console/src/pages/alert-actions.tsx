import { useMutation, useQueryClient } from "@tanstack/react-query";
import { useState } from "react";
import { type Alert, acknowledge, muteForAnHour, unacknowledge } from "../api/queries.ts";
import { useSession } from "../api/session.ts";
import type { Format } from "../format.ts";
import { useOfflineReason } from "../live/link.ts";
import { Button } from "../ui/button.tsx";
import { Fault } from "../ui/states.tsx";
import styles from "./alert-actions.module.css";

const actions = { acknowledge, unacknowledge, mute: muteForAnHour };
type Action = keyof typeof actions;

/** Acknowledges or mutes a firing alert, with a note that says why. */
export const AlertActions = ({ alert, format }: { alert: Alert; format: Format }) => {
  const [note, setNote] = useState("");
  const queries = useQueryClient();
  const acting = useMutation({
    mutationFn: async (action: Action) => {
      const done = await actions[action](alert, note.trim());
      return "until" in done ? `Muted until ${format.time(done.until)}.` : "";
    },
    onSuccess: () => setNote(""),
    onSettled: () => queries.invalidateQueries({ queryKey: ["alerts"] }),
  });
  const { can } = useSession();
  const offline = useOfflineReason();
  const missing = can.mute
    ? acting.isPending
      ? "The last action has not ended yet."
      : offline
    : "This needs an operator.";
  const button = (action: Action, label: string, quiet = false) => (
    <Button quiet={quiet} missing={missing} onClick={() => acting.mutate(action)}>
      {label}
    </Button>
  );
  return (
    <div className={styles.actions}>
      <label className={styles.field}>
        <span className="t2">Note or reason; a mute of critical alerts needs one</span>
        <input value={note} maxLength={500} onChange={(event) => setNote(event.target.value)} />
      </label>
      <div className={styles.buttons}>
        {alert.acknowledged === null
          ? button("acknowledge", "Acknowledge")
          : button("unacknowledge", "Withdraw acknowledgement")}
        {button("mute", "Mute 1 h", true)}
      </div>
      {acting.data && <p role="status">{acting.data}</p>}
      {acting.error && <Fault error={acting.error} />}
    </div>
  );
};
