import { Link, useRouter } from "@tanstack/react-router";
import { type ReactNode, useEffect } from "react";
import { ApiError } from "../api/client.ts";
import { useAreFilesGone } from "../live/version.ts";
import { Button } from "./button.tsx";
import styles from "./states.module.css";

/** A page that could not be read: what happened, and what to do. */
export const LoadError = ({ error }: { error: Error }) => (
  <div className={styles.state} role="alert">
    <h1>
      {error instanceof ApiError && error.status === 404 ? "Not found" : "This page could not be loaded"}
    </h1>
    <p>{error.message}</p>
    {error instanceof ApiError && error.problem && <p className="t3">{error.problem.remedy}</p>}
    {error instanceof ApiError && error.isDatabaseAway && <CommandsThatWork />}
    <p>
      <Link to="/">Go to Now</Link>
    </p>
  </div>
);

export const NotFound = () => (
  <main className={styles.state}>
    <h1>There is no such page</h1>
    <p>
      <Link to="/">Go to Now</Link>
    </p>
  </main>
);

/** An action that failed: what happened, and what to do. */
export const Fault = ({ error }: { error: Error }) => (
  <p className="error" role="alert">
    {error.message}
    {error instanceof ApiError && error.problem && <span className="t2"> {error.problem.remedy}</span>}
  </p>
);

/** The place of data that has not arrived: on its way, or what went wrong. Never says that there is none. */
export const Awaited = ({ error, lines }: { error: Error | null; lines?: number | undefined }) =>
  error ? <Fault error={error} /> : <Loading lines={lines} />;

/** Nothing to show, said only once the server has answered. */
export const Empty = ({ children }: { children: ReactNode }) => <p className={styles.empty}>{children}</p>;

/** Keeps the place of content that is on its way. */
export const Loading = ({ lines = 3 }: { lines?: number | undefined }) => (
  <div className={styles.loading} role="status">
    <span className="visually-hidden">Loading</span>
    {Array.from({ length: lines }, (_, line) => (
      // biome-ignore lint/suspicious/noArrayIndexKey: the lines are all alike
      <span key={line} />
    ))}
  </div>
);

const againAfterMs = 5_000;

/** A page that cannot be shown: its data, its script or its code is at fault. Asks again while the fault may pass. */
export const PageError = ({ error }: { error: unknown }) => {
  const router = useRouter();
  const areFilesGone = useAreFilesGone();
  const mayPass = error instanceof ApiError && (error.status === 0 || error.status >= 500);
  useEffect(() => {
    if (!mayPass) return;
    const timer = setInterval(() => void router.invalidate(), againAfterMs);
    return () => clearInterval(timer);
  }, [mayPass, router]);
  if (error instanceof ApiError) return <LoadError error={error} />;
  return (
    <div className={styles.state} role="alert">
      <h1>This page cannot be shown</h1>
      <p>
        {areFilesGone
          ? "Its script could not be loaded: the service was updated, or the server cannot be reached."
          : String(error)}
      </p>
      <div className={styles.actions}>
        <Button onClick={() => window.location.reload()}>Reload</Button>
        <Button quiet onClick={() => void router.invalidate()}>
          Try again
        </Button>
      </div>
      <p>
        <Link to="/">Go to Now</Link>
      </p>
    </div>
  );
};

/** What to run while the database is away. */
export const CommandsThatWork = () => (
  <div>
    <p>These commands work without a login, in the folder of the service:</p>
    <dl className={styles.commands}>
      <dt>
        <code>npx earlybird health</code>
      </dt>
      <dd>the state of this server, which needs no database</dd>
      <dt>
        <code>npx earlybird status</code>
      </dt>
      <dd>the steps, or why the database cannot be reached from there</dd>
    </dl>
  </div>
);
