import { useEffect, useSyncExternalStore } from "react";
import { useSession } from "../api/session.ts";
import { createFormat, duration } from "../format.ts";
import { type Link, link, silentMs, useOfflineReason } from "../live/link.ts";
import { serverNow } from "../live/server-clock.ts";
import { useStore } from "../live/store.ts";
import { Icon } from "../ui/icon.tsx";
import styles from "./freshness.module.css";

/** Data older than this is called stale. The stream sends something every five seconds. */
const staleAfterMs = 10_000;

/** Ticks each second, and not while nobody sees the page. */
const subscribe = (listener: () => void) => {
  const timer = setInterval(() => {
    if (document.visibilityState === "visible") listener();
  }, 1_000);
  document.addEventListener("visibilitychange", listener);
  return () => {
    clearInterval(timer);
    document.removeEventListener("visibilitychange", listener);
  };
};
const thisSecond = () => Math.floor(serverNow() / 1_000);

/** The time of the server to the second, for everything that shows an age. */
export const useNow = (): number => useSyncExternalStore(subscribe, thisSecond) * 1_000;

const thisAge = () => Math.floor(silentMs() / 1_000);

/** How the data reaches the page, in a word. */
const wordOf = (now: Link, isOffline: boolean, isStale: boolean): string => {
  if (isOffline) return "offline";
  if (now === "lost" || now === "refused") return "reconnecting";
  if (isStale) return "stale";
  return now === "connecting" ? "connecting" : "live";
};

/** Whether the data is live, its age if it is not, and the time in the service's zone. */
export const Freshness = () => {
  const now = useNow();
  const ageMs = useSyncExternalStore(subscribe, thisAge) * 1_000;
  const offline = useOfflineReason();
  const format = createFormat(useSession());
  const isStale = ageMs > staleAfterMs;
  const word = wordOf(useStore(link), offline !== undefined, isStale);
  useEffect(() => {
    document.documentElement.dataset.age = isStale ? "old" : "new";
    return () => {
      delete document.documentElement.dataset.age;
    };
  }, [isStale]);
  return (
    <>
      <span className={styles.live} role="status" title={offline}>
        <Icon name={word === "live" ? "ok" : "warning"} />
        {word}
      </span>
      {isStale && <span className="t3">{duration(ageMs)} old</span>}
      <span className="mono">
        {format.clock(new Date(now))} <span className="t3">{format.zone}</span>
      </span>
    </>
  );
};
