import { createBatch } from "./batch.ts";
import { type LiveMessage, type LiveState, reduce } from "./event.ts";
import { follow } from "./follow.ts";
import { type Link, link, noteHeard, silentMs } from "./link.ts";

/** Events of several requests a second are shown together. */
const batchMs = 500;

/** A tab that is hidden for less than this keeps its place. */
const graceMs = 5_000;

/** What the leader tells the other tabs; `hello` asks it for the state. */
type Signal =
  | { kind: "hello"; from: string }
  | {
      kind: "state";
      to: string;
      state: LiveState;
      lastEventId: string | undefined;
      link: Link;
      silentMs: number;
    }
  | { kind: "link"; link: Link }
  | { kind: "messages"; messages: LiveMessage[] };

export interface SharedStreamOptions {
  /** Tabs with the same scope share a stream. */
  scope: string;
  /** Called with what has happened and the state after it. `isGap`: events may have been missed. */
  onEvents: (events: readonly LiveMessage[], state: LiveState, isGap: boolean) => void;
}

/**
 * Follows the live stream, once for all tabs of the browser: the tab that holds a lock reads it and passes it on. A
 * hidden tab neither reads nor listens. Without locks, which browsers have only with HTTPS or on localhost, each visible
 * tab reads a stream of its own. Returns what stops it.
 */
export const shareStream = ({ scope, onEvents }: SharedStreamOptions): (() => void) => {
  const self = crypto.getRandomValues(new Uint32Array(2)).join("-");
  let state: LiveState | undefined;
  let lastEventId: string | undefined;
  let leave: (() => void) | undefined;
  let grace: ReturnType<typeof setTimeout> | undefined;

  const receive = (messages: readonly LiveMessage[]) => {
    const before = state;
    for (const message of messages) {
      state = reduce(state, message);
      lastEventId = message.id ?? lastEventId;
    }
    noteHeard(Date.now());
    const isGap = before !== undefined && messages.some(({ event }) => event === "snapshot");
    if (state) onEvents(messages, state, isGap);
  };

  const join = () => {
    const leaving = new AbortController();
    const { signal } = leaving;
    const channel = new BroadcastChannel(`${scope} live`);
    const send = (message: Signal) => channel.postMessage(message);
    let isLeader = false;
    const batch = createBatch<LiveMessage>(batchMs, (messages) => {
      receive(messages);
      send({ kind: "messages", messages });
    });
    const lead = () => {
      isLeader = true;
      return follow({
        lastEventId: () => (state ? lastEventId : undefined),
        signal,
        onLink: (now) => {
          link.set(now);
          send({ kind: "link", link: now });
        },
        onMessage: batch.add,
      });
    };
    channel.onmessage = ({ data }: MessageEvent<Signal>) => {
      if (data.kind === "hello") {
        const now = { link: link.get(), silentMs: silentMs() };
        if (isLeader && state) send({ kind: "state", to: data.from, state, lastEventId, ...now });
      } else if (data.kind === "messages") receive(data.messages);
      else if (data.kind === "link") link.set(data.link);
      else if (data.to === self) {
        ({ state, lastEventId } = data);
        link.set(data.link);
        noteHeard(Date.now() - data.silentMs);
        onEvents([], data.state, false);
      }
    };
    send({ kind: "hello", from: self });
    if ("locks" in navigator)
      navigator.locks.request(`${scope} live`, { signal }, lead).catch(() => {
        // The tab has left before it was its turn.
      });
    else void lead();
    leave = () => {
      leaving.abort();
      batch.stop();
      channel.close();
      leave = undefined;
    };
  };

  const look = () => {
    clearTimeout(grace);
    if (document.visibilityState === "hidden") grace = setTimeout(() => leave?.(), graceMs);
    else if (!leave) join();
  };
  document.addEventListener("visibilitychange", look);
  look();
  return () => {
    document.removeEventListener("visibilitychange", look);
    clearTimeout(grace);
    leave?.();
  };
};
