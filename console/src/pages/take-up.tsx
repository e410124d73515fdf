import { useState } from "react";
import { type OperationDetails, useTakeUp } from "../api/operations.ts";
import { useSession } from "../api/session.ts";
import { useOfflineReason } from "../live/link.ts";
import { Button } from "../ui/button.tsx";
import { Fault } from "../ui/states.tsx";
import styles from "./operation.module.css";

const labels = { resume: "Resume: move the remaining steps", abort: "Abort: move the finished steps back" };

/** The actions on an interrupted or failed operation; each says why it is not possible. */
export const TakeUp = ({ operation }: { operation: OperationDetails }) => {
  const { can } = useSession();
  const { id, state, actions } = operation;
  const [reason, setReason] = useState("");
  const { mutate, error, isPending } = useTakeUp(id);
  const offline = useOfflineReason();
  if (state !== "failed" && state !== "interrupted") return null;
  const missing = (refused: string | null): string | undefined => {
    if (!can.move) return "Resuming or aborting an operation needs an admin.";
    if (offline !== undefined) return offline;
    if (isPending) return "The operation starts.";
    return refused ?? undefined;
  };
  return (
    <div className={styles.takeUp}>
      <label>
        <span className="t2">Reason, recorded in the ledger</span>
        <input value={reason} maxLength={500} onChange={(event) => setReason(event.target.value)} />
      </label>
      <div className={styles.actions}>
        {actions.map(({ action, refused }) => (
          <Button
            key={action}
            quiet={action === "abort"}
            missing={missing(refused)}
            onClick={() => mutate({ action, reason: reason.trim() })}
          >
            {labels[action]}
          </Button>
        ))}
      </div>
      {[...new Set(actions.map(({ refused }) => missing(refused)))].map(
        (sentence) =>
          sentence && (
            <p key={sentence} className="t2">
              {sentence}
            </p>
          ),
      )}
      {error && <Fault error={error} />}
    </div>
  );
};
