import { useQuery } from "@tanstack/react-query";
import { diagnosticsQuery } from "../api/queries.ts";
import { useSession } from "../api/session.ts";
import { settingsQuery } from "../api/settings.ts";
import { createFormat } from "../format.ts";
import { type Fact, FactTable } from "../ui/fact-table.tsx";
import { Section } from "../ui/section.tsx";
import { Empty, Fault, Loading } from "../ui/states.tsx";
import styles from "./settings.module.css";
import { Channels } from "./settings-channels.tsx";
import { Appearance } from "./settings-preferences.tsx";
import { Thresholds } from "./settings-thresholds.tsx";

/** Channels with a real test, thresholds and their settings, what this browser prefers, versions. */
export const SettingsPage = () => {
  const format = createFormat(useSession());
  return (
    <div className={styles.page}>
      <h1>Settings</h1>
      <div className={styles.columns}>
        <div className={styles.column}>
          <Section title="Channels">
            <Channels format={format} />
          </Section>
          <Section title="Thresholds">
            <Thresholds />
          </Section>
          <Section title="Settings of the service">
            <ServiceSettings />
          </Section>
        </div>
        <div className={styles.column}>
          <Section title="This browser">
            <Appearance />
          </Section>
          <Section title="Versions">
            <Versions />
          </Section>
        </div>
      </div>
    </div>
  );
};

const ServiceSettings = () => {
  const { data, error } = useQuery(settingsQuery);
  if (error) return <Fault error={error} />;
  if (!data) return <Loading lines={8} />;
  const given = data.settings.filter(({ is_set }) => is_set);
  if (given.length === 0) return <Empty>The service does not report its settings.</Empty>;
  return (
    <dl className={styles.settings}>
      {given.map(({ name, value, is_secret, description }) => (
        <div key={name}>
          <dt className="mono">{name}</dt>
          <dd>
            <span className="mono">{is_secret ? "set; secret, so not shown" : value}</span>
            <span className={styles.more}>{description.replaceAll("`", "")}</span>
          </dd>
        </div>
      ))}
    </dl>
  );
};

const Versions = () => {
  const { title, version, time_zone } = useSession();
  const { data, error } = useQuery(settingsQuery);
  const database = useQuery(diagnosticsQuery).data?.database;
  if (error) return <Fault error={error} />;
  if (!data) return <Loading lines={5} />;
  const { platform, node } = data.versions;
  const isOld = platform !== __CONSOLE_VERSION__;
  const facts: Fact[] = [
    { name: title, value: version },
    {
      name: "Console",
      value: __CONSOLE_VERSION__,
      isWarning: isOld,
      note: isOld ? `the server has ${platform}: reload the page` : undefined,
    },
    { name: "Platform", value: platform },
    { name: "Node.js", value: node },
    ...(database?.status === "not_configured"
      ? []
      : [{ name: "PostgreSQL", value: database?.details?.server_version ?? "not known yet" }]),
    { name: "Time zone", value: time_zone },
  ];
  return <FactTable facts={facts} />;
};
