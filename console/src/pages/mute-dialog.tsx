import { useMutation, useQuery, useQueryClient } from "@tanstack/react-query";
import { useEffect, useId, useRef, useState } from "react";
import { alertTypesQuery, type MuteScope, mute, newestAlertsQuery } from "../api/alerts.ts";
import { type Alert, activeAlertsQuery } from "../api/queries.ts";
import { useSession } from "../api/session.ts";
import type { Format } from "../format.ts";
import { useOfflineReason } from "../server/link.ts";
import { serverNow } from "../server/server-clock.ts";
import { useNow } from "../shell/freshness.tsx";
import { Button } from "../ui/button.tsx";
import { Icon } from "../ui/icon.tsx";
import { Fault } from "../ui/states.tsx";
import styles from "./form-dialog.module.css";
import { type MuteDuration, muteDurations, muteEnd } from "./mute-durations.ts";
import { includes, scopesOf } from "./mute-scope.ts";

/** Mutes an alert: for how long, which alerts, why, and what that silences. */
export const MuteDialog = ({
  alert,
  initial,
  format,
  onClose,
}: {
  alert: Alert;
  initial: MuteDuration;
  format: Format;
  onClose: () => void;
}) => {
  const dialog = useRef<HTMLDialogElement>(null);
  useEffect(() => {
    dialog.current?.showModal();
    dialog.current?.querySelector<HTMLElement>("input:checked")?.focus();
  }, []);
  const { time_zone: timeZone } = useSession();
  const nowMs = useNow();
  const scopes = scopesOf(alert);
  const [duration, setDuration] = useState(initial);
  const [chosen, setChosen] = useState(0);
  const [reason, setReason] = useState("");
  const title = useId();
  const scope = (scopes[chosen] ?? scopes[0])?.scope ?? { type: alert.type };
  const needsReason = useNeedsReason(scope);
  const untilMs = muteEnd(duration, nowMs, timeZone);
  const until = format.time(new Date(untilMs).toISOString());
  const queries = useQueryClient();
  const muting = useMutation({
    mutationFn: () => mute(scope, Math.ceil((untilMs - serverNow()) / 1_000), reason.trim()),
    onSuccess: () => {
      void queries.invalidateQueries({ queryKey: ["alerts"] });
      dialog.current?.close();
    },
  });
  const offline = useOfflineReason();
  const missing =
    offline ??
    (muting.isPending
      ? "The mute begins."
      : needsReason && reason.trim() === ""
        ? "Still missing: the reason, because critical alerts are silenced."
        : undefined);
  return (
    <dialog ref={dialog} className={styles.dialog} aria-labelledby={title} onClose={onClose}>
      <form
        className={styles.form}
        onSubmit={(event) => {
          event.preventDefault();
          if (missing === undefined) muting.mutate();
        }}
      >
        <h2 id={title}>Mute this alert</h2>
        <Choices
          legend={`For how long (${format.zone})`}
          choices={Object.entries(muteDurations).map(([word, { label }]) => [word, label])}
          chosen={duration}
          onChoose={(word) => setDuration(word as MuteDuration)}
        />
        <Choices
          legend="Which alerts"
          choices={scopes.map(({ label }, at) => [String(at), label])}
          chosen={String(chosen)}
          onChoose={(at) => setChosen(Number(at))}
        />
        <label className={styles.field}>
          <span>
            Why? <span className="t2">{needsReason ? "Needed for critical alerts." : "Others see it."}</span>
          </span>
          <input
            value={reason}
            maxLength={500}
            autoComplete="off"
            onChange={(event) => setReason(event.target.value)}
          />
        </label>
        <Preview scope={scope} until={until} format={format} />
        {muting.error && <Fault error={muting.error} />}
        {missing !== undefined && <p className="t2">{missing}</p>}
        <div className={styles.buttons}>
          <Button type="submit" missing={missing}>
            Mute until {until}
          </Button>
          <Button quiet onClick={() => dialog.current?.close()}>
            Cancel
          </Button>
        </div>
      </form>
    </dialog>
  );
};

/** Whether the scope can include critical alerts. */
const useNeedsReason = ({ type }: MuteScope): boolean => {
  const types = useQuery(alertTypesQuery).data?.types;
  return type === "ALL" || types?.find((each) => each.type === type)?.severity === "critical";
};

const Choices = ({
  legend,
  choices,
  chosen,
  onChoose,
}: {
  legend: string;
  choices: readonly (readonly [value: string, label: string])[];
  chosen: string;
  onChoose: (value: string) => void;
}) => {
  const name = useId();
  return (
    <fieldset className={styles.choices}>
      <legend>{legend}</legend>
      {choices.map(([value, label]) => (
        <label key={value}>
          <input type="radio" name={name} checked={value === chosen} onChange={() => onChoose(value)} />
          {label}
        </label>
      ))}
    </fieldset>
  );
};

/** What the mute silences: the alerts that fire now, and how many of the newest it would have silenced. */
const Preview = ({ scope, until, format }: { scope: MuteScope; until: string; format: Format }) => {
  const firing = useQuery(activeAlertsQuery).data?.alerts.filter((alert) => includes(scope, alert)) ?? [];
  const newest = useQuery(newestAlertsQuery(scope.type)).data?.alerts;
  const past = newest?.filter((alert) => includes(scope, alert)).length;
  return (
    <div className={styles.preview}>
      <p>
        Silences {format.count(firing.length, "alert")} that fire{firing.length === 1 ? "s" : ""} now
        {newest &&
          past !== undefined &&
          `, and ${past} of the newest ${newest.length} would have been silent`}
        .
      </p>
      <ul>
        {firing.slice(0, 5).map(({ id, severity, message }) => (
          <li key={id}>
            <Icon name={severity} /> {message}
          </li>
        ))}
      </ul>
      <p className="t2">They are still recorded. What still fires at {until} is sent then.</p>
    </div>
  );
};
