import { useSyncExternalStore } from "react";
import { createStore, useStore } from "./store.ts";

/**
 * The connection to the live stream: `refused` if the server answers, but serves no stream to this browser;
 * `unreachable` if it does not answer at all.
 */
export type Link = "connecting" | "open" | "lost" | "refused" | "unreachable";

export const link = createStore<Link>("connecting");

let heardAtMs = Date.now();

/** Notes when a message of the stream has arrived, in milliseconds since 1970 by the browser's clock. */
export const noteHeard = (atMs: number): void => {
  heardAtMs = atMs;
};

/** Milliseconds since the stream has sent something. */
export const silentMs = (): number => Math.max(0, Date.now() - heardAtMs);

/** Whether pages must ask for what the stream usually sends. */
export const isWithoutStream = (): boolean => link.get() === "refused";

const subscribeToNetwork = (listener: () => void) => {
  window.addEventListener("online", listener);
  window.addEventListener("offline", listener);
  return () => {
    window.removeEventListener("online", listener);
    window.removeEventListener("offline", listener);
  };
};

/** Why no action is possible now, as a sentence for a disabled button; undefined while the server can be reached. */
export const useOfflineReason = (): string | undefined => {
  const isOnline = useSyncExternalStore(subscribeToNetwork, () => navigator.onLine);
  const isReachable = useStore(link) !== "unreachable";
  if (!isOnline) return "Offline: this device has no network.";
  return isReachable ? undefined : "Offline: the server cannot be reached.";
};
