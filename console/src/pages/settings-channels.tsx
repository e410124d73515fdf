import { useMutation, useQuery } from "@tanstack/react-query";
import { alertSummaryQuery } from "../api/queries.ts";
import { useSession } from "../api/session.ts";
import { settingsQuery, testChannel } from "../api/settings.ts";
import type { Format } from "../format.ts";
import { Button } from "../ui/button.tsx";
import { Icon } from "../ui/icon.tsx";
import { Empty, Fault, Loading } from "../ui/states.tsx";
import styles from "./settings.module.css";

/** Each channel with its state and a test of it, and the rules by which alerts reach them. */
export const Channels = ({ format }: { format: Format }) => {
  const { data, error } = useQuery(alertSummaryQuery);
  const settings = useQuery(settingsQuery).data?.settings;
  if (error && !data) return <Fault error={error} />;
  if (!data) return <Loading lines={4} />;
  const routing = settings?.find(({ name }) => name === "ALERT_ROUTES");
  return (
    <>
      {data.channels.length === 0 && (
        <Empty>
          No channel is configured, so nobody is notified. Set ALERT_EMAIL_TO or SLACK_WEBHOOK_URL.
        </Empty>
      )}
      <ul>
        {data.channels.map((channel) => (
          <Channel key={channel.channel} {...channel} format={format} />
        ))}
      </ul>
      {routing && (
        <p className={styles.routing}>
          <span className="mono">ALERT_ROUTES</span>{" "}
          {routing.value === null ? (
            <span className="t2">is not set: every alert goes to every channel.</span>
          ) : (
            <span className="mono t2">{routing.value}</span>
          )}
        </p>
      )}
    </>
  );
};

const Channel = ({
  channel,
  state,
  reason,
  since,
  waiting,
  format,
}: {
  channel: string;
  state: "working" | "failing" | "broken";
  reason: string | null;
  since: string;
  waiting: number;
  format: Format;
}) => {
  const { can } = useSession();
  const test = useMutation({ mutationFn: () => testChannel(channel) });
  const missing = can.test_channels
    ? test.isPending
      ? "The test has not been answered yet."
      : undefined
    : "This needs an operator.";
  return (
    <li className={styles.channel}>
      <div>
        <h3>{channel}</h3>
        <p>
          <Icon name={state === "working" ? "ok" : state === "failing" ? "warning" : "error"} /> {state}{" "}
          <span className="t2">
            since {format.time(since)}
            {waiting > 0 && `, ${format.count(waiting, "notification")} waiting`}
            {reason && `: ${reason}`}
          </span>
        </p>
        <div role="status">{test.data && <TestResult {...test.data} format={format} />}</div>
        {test.error && <Fault error={test.error} />}
      </div>
      <Button quiet missing={missing} onClick={() => test.mutate()}>
        Send a test<span className="visually-hidden"> to {channel}</span>
      </Button>
    </li>
  );
};

const remedies = {
  try_again: "The other side may be busy or away. Try again in a minute.",
  refused: "Check the settings of this channel: address, credentials, recipients.",
};

const TestResult = ({
  result,
  took_ms,
  answer,
  format,
}: NonNullable<Awaited<ReturnType<typeof testChannel>>> & { format: Format }) => {
  const isAccepted = result === "accepted";
  return (
    <p>
      <Icon name={isAccepted ? "check" : "cross"} />{" "}
      {isAccepted ? `Delivered in ${format.ms(took_ms)}.` : `Not delivered after ${format.ms(took_ms)}.`}
      <span className={styles.more}>
        {answer && `Answer: ${answer}. `}
        {!isAccepted && remedies[result]}
      </span>
    </p>
  );
};
