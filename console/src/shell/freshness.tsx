import { useQuery } from "@tanstack/react-query";
import { useSyncExternalStore } from "react";
import { ApiError } from "../api/client.ts";
import { healthQuery } from "../api/queries.ts";
import { useSession } from "../api/session.ts";
import { createFormat, duration } from "../format.ts";
import { Icon } from "../ui/icon.tsx";
import styles from "./freshness.module.css";

/** Data older than this is called stale. */
const staleAfterMs = 12_000;

const subscribe = (listener: () => void) => {
  const timer = setInterval(listener, 1_000);
  return () => clearInterval(timer);
};
const thisSecond = () => Math.floor(Date.now() / 1_000);

/** The time to the second, for everything that shows an age. */
export const useNow = (): number => useSyncExternalStore(subscribe, thisSecond) * 1_000;

/** How old the data on the page is, whether the server answers, and the time in the service's zone. */
export const Freshness = () => {
  const now = useNow();
  const { dataUpdatedAt, error } = useQuery(healthQuery);
  const format = createFormat(useSession());
  const ageMs = now - dataUpdatedAt;
  const isStale = dataUpdatedAt > 0 && ageMs > staleAfterMs;
  const state = error || isStale ? "warning" : "ok";
  const isRefused = error instanceof ApiError && error.status !== 0;
  const word = isRefused ? "error" : isStale || error ? "offline" : "live";
  return (
    <>
      <span className={styles.live} role="status">
        <Icon name={state} />
        {word}
        {dataUpdatedAt > 0 && <span className="t3">{duration(ageMs)} ago</span>}
      </span>
      <span className="mono">
        {format.clock(new Date(now))} <span className="t3">{format.zone}</span>
      </span>
    </>
  );
};
