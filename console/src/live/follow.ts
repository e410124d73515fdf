import { gate } from "../api/client.ts";
import type { LiveMessage } from "./event.ts";
import type { Link } from "./link.ts";
import { readStream } from "./stream.ts";

const shortestWaitMs = 500;
const longestWaitMs = 15_000;

/** Follows the stream and reconnects until the signal or the session ends. */
export const follow = async ({
  lastEventId,
  signal,
  onLink,
  onMessage,
}: {
  /** The latest event that is known, by whatever tab has received it. */
  lastEventId: () => string | undefined;
  signal: AbortSignal;
  onLink: (link: Link) => void;
  onMessage: (message: LiveMessage) => void;
}): Promise<void> => {
  let failures = 0;
  while (!signal.aborted) {
    let wasOpen = false;
    const end = await readStream({
      lastEventId: lastEventId(),
      signal,
      onMessage: (message) => {
        if (!wasOpen) onLink("open");
        wasOpen = true;
        onMessage(message);
      },
    });
    if (signal.aborted) return;
    if (end === "forbidden") return gate.end();
    failures = wasOpen ? 0 : failures + 1;
    // A connection that breaks is lost; only one that cannot be made says that the server cannot be reached.
    onLink(wasOpen ? "lost" : end);
    await waitFor(Math.random, failures, signal);
  }
};

/** Half of the wait is random, so that the consoles of a restarted server do not all return at once. */
const waitFor = (random: () => number, failures: number, signal: AbortSignal): Promise<void> => {
  const ms = Math.min(longestWaitMs, shortestWaitMs * 2 ** failures) * (0.5 + random() / 2);
  return new Promise((resolve) => {
    const done = () => {
      clearTimeout(timer);
      window.removeEventListener("online", done);
      signal.removeEventListener("abort", done);
      resolve();
    };
    const timer = setTimeout(done, ms);
    window.addEventListener("online", done);
    signal.addEventListener("abort", done);
  });
};
