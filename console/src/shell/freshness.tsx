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

const listeners = new Set<() => void>();
const tick = () => {
  if (document.visibilityState === "hidden") return;
  for (const listener of listeners) listener();
};
let ticks: ReturnType<typeof setInterval> | undefined;

/** Ticks each second, and not while nobody sees the page. */
const subscribe = (listener: () => void) => {
  if (listeners.size === 0) {
    ticks = setInterval(tick, 1_000);
    document.addEventListener("visibilitychange", tick);
  }
  listeners.add(listener);
  return () => {
    listeners.delete(listener);
    if (listeners.size > 0) return;
    clearInterval(ticks);
    document.removeEventListener("visibilitychange", tick);
  };
};

/**
 * The time of the server, in milliseconds since 1970, for everything that shows an age. A page that is rendered anew each
 * second would cost an idle browser more than all the rest.
 *
 * @param everyMs how exact it is
 */
export const useNow = (everyMs = 5_000): number =>
  useSyncExternalStore(subscribe, () => Math.floor(serverNow() / everyMs)) * everyMs;

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
  const now = useNow(1_000);
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
