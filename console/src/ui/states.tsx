import { Link } from "@tanstack/react-router";
import type { ReactNode } from "react";
import { ApiError } from "../api/client.ts";
import styles from "./states.module.css";

/** A page that could not be read: what happened, and what to do. */
export const LoadError = ({ error }: { error: Error }) => (
  <div className={styles.state} role="alert">
    <h1>
      {error instanceof ApiError && error.status === 404 ? "Not found" : "This page could not be loaded"}
    </h1>
    <p>{error.message}</p>
    {error instanceof ApiError && error.problem && <p className="t3">{error.problem.remedy}</p>}
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

/** Nothing to show, said only once the server has answered. */
export const Empty = ({ children }: { children: ReactNode }) => <p className={styles.empty}>{children}</p>;

/** Keeps the place of content that is on its way. */
export const Loading = ({ lines = 3 }: { lines?: number }) => (
  <div className={styles.loading} role="status">
    <span className="visually-hidden">Loading</span>
    {Array.from({ length: lines }, (_, line) => (
      // biome-ignore lint/suspicious/noArrayIndexKey: the lines are all alike
      <span key={line} />
    ))}
  </div>
);
