import { useMutation, useQuery, useQueryClient } from "@tanstack/react-query";
import { useNavigate, useSearch } from "@tanstack/react-router";
import { useState } from "react";
import { type Alert, acknowledge, alertSummaryQuery, unacknowledge } from "../api/queries.ts";
import { useSession } from "../api/session.ts";
import { type Format, nameOf } from "../format.ts";
import { useOfflineReason } from "../live/link.ts";
import { Button } from "../ui/button.tsx";
import { Section } from "../ui/section.tsx";
import { Fault } from "../ui/states.tsx";
import styles from "./alert-actions.module.css";
import { MuteDialog } from "./mute-dialog.tsx";
import { includes } from "./mute-scope.ts";
import { Mutes } from "./mutes.tsx";

/** Acknowledges a firing alert with a note, mutes it, and shows the mutes that silence it. */
export const AlertActions = ({ alert, format }: { alert: Alert; format: Format }) => {
  const [note, setNote] = useState("");
  const { can } = useSession();
  const { mute: duration } = useSearch({ from: "/inside/alerts/$id" });
  const navigate = useNavigate({ from: "/alerts/$id" });
  const queries = useQueryClient();
  const muted = useQuery(alertSummaryQuery).data?.muted.filter((mute) => includes(mute, alert)) ?? [];
  const acting = useMutation({
    mutationFn: (action: typeof acknowledge | typeof unacknowledge) => action(alert, note.trim()),
    onSuccess: () => setNote(""),
    onSettled: () => queries.invalidateQueries({ queryKey: ["alerts"] }),
  });
  const offline = useOfflineReason();
  const missing = can.mute
    ? acting.isPending
      ? "The last action has not ended yet."
      : offline
    : "This needs an operator.";
  const { acknowledged } = alert;
  return (
    <Section title="Act">
      <div className={styles.actions}>
        {acknowledged ? (
          <p>
            Acknowledged by {nameOf(acknowledged.by)} at {format.time(acknowledged.at)}
            {acknowledged.note && `: “${acknowledged.note}”`}. No reminders are sent.
          </p>
        ) : (
          <label className={styles.field}>
            <span className="t2">Note for the others, such as what you do</span>
            <input value={note} maxLength={500} onChange={(event) => setNote(event.target.value)} />
          </label>
        )}
        <div className={styles.buttons}>
          <Button
            quiet={acknowledged !== null}
            missing={missing}
            onClick={() => acting.mutate(acknowledged ? unacknowledge : acknowledge)}
          >
            {acknowledged ? "Withdraw acknowledgement" : "Acknowledge"}
          </Button>
          <Button quiet missing={missing} onClick={() => void navigate({ search: { mute: "1h" } })}>
            Mute…
          </Button>
        </div>
        {acting.error && <Fault error={acting.error} />}
        {muted.length > 0 && <Mutes muted={muted} format={format} />}
      </div>
      {duration && can.mute && (
        <MuteDialog
          alert={alert}
          initial={duration}
          format={format}
          onClose={() => void navigate({ search: {}, replace: true })}
        />
      )}
    </Section>
  );
};
