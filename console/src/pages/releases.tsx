import { useQuery } from "@tanstack/react-query";
import { Link } from "@tanstack/react-router";
import { releasesQuery } from "../api/releases.ts";
import { useSession } from "../api/session.ts";
import { createFormat } from "../format.ts";
import { Icon } from "../ui/icon.tsx";
import { Row } from "../ui/row.tsx";
import { Section } from "../ui/section.tsx";
import { LoadError, Loading } from "../ui/states.tsx";
import styles from "./release.module.css";
import { isOver, releaseIcon, servingOf, stateWord } from "./release-words.ts";

/** All releases, and which version serves the clients. */
export const ReleasesPage = () => {
  const { data, error } = useQuery(releasesQuery);
  const session = useSession();
  const format = createFormat(session);
  if (error && !data) return <LoadError error={error} />;
  if (!data) return <Loading lines={8} />;
  const releases = data.releases.map((release) => ({
    ...release,
    from: release.from.artefact.version,
    to: release.to.artefact.version,
  }));
  const [newest] = releases;
  return (
    <div className={styles.page}>
      <h1>Releases</h1>
      <p className={styles.serving}>
        {newest && !isOver(newest.state)
          ? servingOf(newest)
          : `Version ${session.version} serves all clients.`}
      </p>
      {newest ? (
        <Section title="All releases" aside={<span>{format.count(releases.length, "release")}</span>}>
          <ul>
            {releases.map((release) => (
              <Row
                key={release.id}
                icon={releaseIcon(release.state)}
                aside={format.time(release.planned_at)}
                more={
                  <>
                    {stateWord(release.state)}
                    {release.because !== null && `: ${release.because}`} · {release.id},{" "}
                    {release.requested_by}: “{release.reason}”
                  </>
                }
              >
                <Link to="/releases/$id" params={{ id: release.id }}>
                  Version {release.from} to {release.to}
                </Link>
              </Row>
            ))}
          </ul>
        </Section>
      ) : (
        <NoRelease />
      )}
    </div>
  );
};

const NoRelease = () => (
  <section className={styles.none}>
    <h2>
      <Icon name="start" large /> No release yet
    </h2>
    <p>Start one on the host of the service, in its folder:</p>
    <pre>
      <code>npx earlybird release start --artefact FILE.tgz --reason TEXT</code>
    </pre>
    <p className="t2">
      It checks, makes a backup, rehearses, and moves the clients in phases. You see it here, and can take it
      back at any time. <code>npx earlybird preflight</code> runs the checks alone.
    </p>
  </section>
);
