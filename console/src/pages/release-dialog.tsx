import { useMutation, useQueryClient } from "@tanstack/react-query";
import { useEffect, useId, useRef, useState } from "react";
import { commandRelease, type ReleaseCommand } from "../api/releases.ts";
import { Button } from "../ui/button.tsx";
import { Fault } from "../ui/states.tsx";
import styles from "./form-dialog.module.css";
import { commandWords } from "./release-words.ts";

/** Sends a command to a release, with the reason that the ledger records. */
export const ReleaseDialog = ({
  id,
  command,
  onClose,
}: {
  id: string;
  command: ReleaseCommand;
  onClose: () => void;
}) => {
  const dialog = useRef<HTMLDialogElement>(null);
  useEffect(() => dialog.current?.showModal(), []);
  const [reason, setReason] = useState("");
  const title = useId();
  const queries = useQueryClient();
  const sending = useMutation({
    // Tried at once also if the browser believes that there is no network: a rollback must not wait for it.
    networkMode: "always",
    mutationFn: () => commandRelease(id, command, reason.trim()),
    onSuccess: () => queries.invalidateQueries({ queryKey: ["releases"] }),
  });
  const words = commandWords[command];
  const needsReason = command !== "ack";
  const missing = sending.isPending
    ? "The command is being sent."
    : needsReason && reason.trim() === ""
      ? "Still missing: the reason."
      : undefined;
  const close = () => dialog.current?.close();
  return (
    <dialog ref={dialog} className={styles.dialog} aria-labelledby={title} onClose={onClose}>
      <form
        className={styles.form}
        onSubmit={(event) => {
          event.preventDefault();
          if (missing === undefined) sending.mutate();
        }}
      >
        <h2 id={title}>{words.title}</h2>
        {sending.data ? (
          <Sent conducted={sending.data.conducted} onClose={close} />
        ) : (
          <>
            <p>{words.what}</p>
            <label className={styles.field}>
              <span>
                Why? <span className="t2">{needsReason ? "Recorded in the ledger." : "Not needed."}</span>
              </span>
              <input
                value={reason}
                maxLength={500}
                autoComplete="off"
                autoFocus
                onChange={(event) => setReason(event.target.value)}
              />
            </label>
            {sending.error && <Fault error={sending.error} />}
            {missing !== undefined && <p className="t2">{missing}</p>}
            <div className={styles.buttons}>
              <Button type="submit" missing={missing}>
                {words.label}
              </Button>
              <Button quiet onClick={close}>
                Cancel
              </Button>
            </div>
          </>
        )}
      </form>
    </dialog>
  );
};

const Sent = ({ conducted, onClose }: { conducted: boolean; onClose: () => void }) => (
  <>
    <p role="status">
      {conducted ? (
        "The command is sent. The release obeys within a second; closing this page stops nothing."
      ) : (
        <>
          The command is sent, but no process conducts the release. On the host, run{" "}
          <code>npx earlybird release resume</code>.
        </>
      )}
    </p>
    <div className={styles.buttons}>
      <Button quiet onClick={onClose}>
        Close
      </Button>
    </div>
  </>
);
