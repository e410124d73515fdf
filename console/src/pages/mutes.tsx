import { useMutation, useQueryClient } from "@tanstack/react-query";
import { type Mute, unmute } from "../api/alerts.ts";
import { useSession } from "../api/session.ts";
import { type Format, nameOf } from "../format.ts";
import { useOfflineReason } from "../live/link.ts";
import { Button } from "../ui/button.tsx";
import { Row } from "../ui/row.tsx";
import { Empty, Fault } from "../ui/states.tsx";
import styles from "./alert-actions.module.css";

/** What is muted, by whom, why and until when; each mute can be ended. */
export const Mutes = ({ muted, format }: { muted: readonly Mute[]; format: Format }) => {
  const { can } = useSession();
  const offline = useOfflineReason();
  const queries = useQueryClient();
  const ending = useMutation({
    mutationFn: unmute,
    onSettled: () => queries.invalidateQueries({ queryKey: ["alerts"] }),
  });
  if (muted.length === 0) return <Empty>Nothing is muted.</Empty>;
  const missing = can.mute
    ? ending.isPending
      ? "The mute is being ended."
      : offline
    : "This needs an operator.";
  return (
    <>
      {ending.error && <Fault error={ending.error} />}
      <ul>
        {muted.map((mute) => (
          <Row
            key={mute.id}
            icon="muted"
            aside={<>until {format.time(mute.until)}</>}
            more={
              <span className={styles.unmute}>
                <span>
                  {nameOf(mute.author)}, {format.time(mute.muted_at)}
                  {mute.reason && `: “${mute.reason}”`}
                </span>
                <Button quiet missing={missing} onClick={() => ending.mutate(mute)}>
                  Unmute
                </Button>
              </span>
            }
          >
            {[mute.type, mute.key, mute.route].filter(Boolean).join(" · ")}
          </Row>
        ))}
      </ul>
    </>
  );
};
