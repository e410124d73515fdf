import type { Session } from "./session.ts";

/** What the tabs of a browser tell each other about the session. */
export type TabMessage = { kind: "ended" } | { kind: "began" } | { kind: "renewed"; session: Session };

/** The other tabs of this browser that show the same service. */
export interface OtherTabs {
  send(message: TabMessage): void;
  onMessage(listener: (message: TabMessage) => void): void;
  /** Runs work in one tab at a time. Without HTTPS, browsers have no locks, and the work runs at once. */
  exclusively<T>(name: string, work: () => Promise<T>): Promise<T>;
}

let tabs: OtherTabs | undefined;

/** @param root of the service: two services of one origin have sessions of their own */
export const otherTabs = (root: URL): OtherTabs => {
  tabs ??= open(`earlybird ${root.pathname}`);
  return tabs;
};

const open = (scope: string): OtherTabs => {
  const channel = new BroadcastChannel(`${scope} session`);
  return {
    send: (message) => channel.postMessage(message),
    onMessage: (listener) => channel.addEventListener("message", ({ data }) => listener(data)),
    exclusively: <T>(name: string, work: () => Promise<T>): Promise<T> =>
      "locks" in navigator ? (navigator.locks.request(`${scope} ${name}`, work) as Promise<T>) : work(),
  };
};
