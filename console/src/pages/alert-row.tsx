import { Link } from "@tanstack/react-router";
import type { PastAlert } from "../api/alerts.ts";
import type { Alert } from "../api/queries.ts";
import { useSession } from "../api/session.ts";
import { createFormat, duration, nameOf } from "../format.ts";
import { useNow } from "../shell/freshness.tsx";
import { Row } from "../ui/row.tsx";

/** An alert in a list, with its age and the channels that were notified, if they are known. */
export const AlertRow = ({ alert }: { alert: Alert & Partial<Pick<PastAlert, "channels">> }) => {
  const { id, state, severity, type, message, fired_at, resolved_at, acknowledged, channels = [] } = alert;
  const format = createFormat(useSession());
  const nowMs = useNow();
  const notified = channels.filter(({ outcome }) => outcome === "accepted").map(({ channel }) => channel);
  return (
    <Row
      icon={state === "firing" ? severity : "check"}
      aside={format.time(fired_at)}
      more={
        <>
          {severity} · {type} ·{" "}
          {state === "firing"
            ? `firing for ${duration(nowMs - Date.parse(fired_at))}`
            : `resolved after ${duration(Date.parse(String(resolved_at)) - Date.parse(fired_at))}`}
          {notified.length > 0 && ` · ${notified.join(", ")} notified`}
          {acknowledged && ` · acknowledged by ${nameOf(acknowledged.by)}`}
        </>
      }
    >
      <Link to="/alerts/$id" params={{ id }}>
        {message}
      </Link>
    </Row>
  );
};
