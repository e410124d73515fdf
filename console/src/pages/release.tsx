import { useQuery } from "@tanstack/react-query";
import { Link, useParams } from "@tanstack/react-router";
import { root } from "../api/client.ts";
import { type ReleaseDetails, releaseQuery } from "../api/releases.ts";
import { useSession } from "../api/session.ts";
import { createFormat, duration, type Format } from "../format.ts";
import { useNow } from "../shell/freshness.tsx";
import { Icon } from "../ui/icon.tsx";
import { Section } from "../ui/section.tsx";
import { LoadError, Loading } from "../ui/states.tsx";
import styles from "./release.module.css";
import { ReleaseActions } from "./release-actions.tsx";
import { Acts } from "./release-acts.tsx";
import { Comparison } from "./release-comparison.tsx";
import { Phases } from "./release-phases.tsx";
import { Preflight } from "./release-preflight.tsx";
import { Validation } from "./release-validation.tsx";
import { detailOf, headlineOf, isOver, releaseIcon, stateWord } from "./release-words.ts";

/** One release: where it stands, what its parts found, and what an admin can tell it. */
export const ReleasePage = () => {
  const { id } = useParams({ from: "/inside/releases/$id" });
  const { data, error } = useQuery(releaseQuery(id));
  const format = createFormat(useSession());
  const nowMs = useNow();
  if (error && !data) return <LoadError error={error} />;
  if (!data) return <Loading lines={10} />;
  const versions = { from: data.from.artefact.version, to: data.to.artefact.version };
  const brief = { ...data, ...versions };
  return (
    <div className={styles.page}>
      <p className="t3">
        <Link to="/releases">Releases</Link> / {id}
      </p>
      <div className={styles.top}>
        <div className={styles.standing} role="status">
          <p className={styles.kicker}>
            <Icon name={releaseIcon(data.state)} large />
            {stateWord(data.state)} {isOver(data.state) ? "since" : "for"}{" "}
            {isOver(data.state) ? format.time(data.since) : duration(nowMs - Date.parse(data.since))}
          </p>
          <h1>{headlineOf(brief)}</h1>
          <p className={styles.detail}>
            {data.because !== null && <>{data.because} · </>}
            {detailOf(brief)}
          </p>
          <Warnings release={data} />
        </div>
        <ReleaseActions release={data} />
      </div>
      <Facts release={data} format={format} />
      <Phases release={data} nowMs={nowMs} />
      <div className={styles.columns}>
        <div className={styles.column}>
          <Section title="Old beside new">
            <Comparison judge={data.judge} {...versions} format={format} />
          </Section>
          <Section title="Validation">
            <Validation validation={data.validation} format={format} />
          </Section>
          <Section title="What was done">
            <Acts release={data} format={format} />
          </Section>
        </div>
        <Section title="Preflight">
          <Preflight preflight={data.preflight} format={format} />
        </Section>
      </div>
      <p>
        <a href={new URL(`api/releases/${id}?format=md`, root).href} download={`release-${id}.md`}>
          Download as Markdown
        </a>
      </p>
    </div>
  );
};

const Warnings = ({ release }: { release: ReleaseDetails }) => {
  const { state, conducted, unreadable, outage } = release;
  return (
    <>
      {state === "held" && outage && (
        <p className="t2">It continues by itself when what is missing is back.</p>
      )}
      {!conducted && !isOver(state) && (
        <p className="warning">
          <Icon name="warning" /> No process conducts it. On the host:{" "}
          <code>npx earlybird release resume</code>
        </p>
      )}
      {unreadable.length > 0 && (
        <p className="warning">
          <Icon name="warning" /> Could not be read: {unreadable.join(", ")}.
        </p>
      )}
    </>
  );
};

const Facts = ({ release, format }: { release: ReleaseDetails; format: Format }) => {
  const { from, to, requested_by, reason, planned_at, strategy, steps, rehearsal, events } = release;
  const onCall = events.findLast((event) => event.type === "command" && event.command === "ack");
  const numbers = (list: readonly number[]) => (list.length === 0 ? "none" : list.join(", "));
  const facts: [string, string | null][] = [
    ["Old version", `${from.artefact.version}, ${from.slot}`],
    ["New version", `${to.artefact.version}, ${to.slot}`],
    ["Requested by", `${requested_by}, ${format.dateTime(planned_at)}`],
    ["Reason", reason],
    ["Strategy", strategy],
    ["Steps before, after", `${numbers(steps.before)}; ${numbers(steps.after)}`],
    ["Rehearsal", rehearsal && `${rehearsal.ok ? "passed" : "failed"}: ${rehearsal.evidence}`],
    [
      "A revert takes",
      rehearsal?.revert_ms == null ? null : `${format.ms(rehearsal.revert_ms)}, as rehearsed`,
    ],
    ["On call", onCall?.type === "command" ? onCall.by : null],
  ];
  return (
    <dl className={styles.facts}>
      {facts.map(
        ([name, value]) =>
          value && (
            <div key={name}>
              <dt>{name}</dt>
              <dd>{value}</dd>
            </div>
          ),
      )}
    </dl>
  );
};
