import { EventSourceParserStream } from "eventsource-parser/stream";
import { ApiError } from "../api/api-error.ts";
import { gate, root } from "../api/client.ts";
import type { LiveMessage } from "./event.ts";

/** How a stream has ended; `forbidden` if the user has no session any more, or lost the role. */
export type StreamEnd = "lost" | "refused" | "unreachable" | "forbidden";

/** The server sends a heartbeat every five seconds. After this long without one, the connection is dead. */
const longestSilenceMs = 20_000;

/** Statuses by which a proxy says that the service does not answer. */
const ofProxies = [502, 504];

/** Reads `GET /api/live` until it ends. Unlike an EventSource, it tells a refusal from a lost connection. */
export const readStream = async ({
  lastEventId,
  signal,
  onMessage,
}: {
  /** The stream resumes after this event if the server still has those that follow. */
  lastEventId: string | undefined;
  signal: AbortSignal;
  onMessage: (message: LiveMessage) => void;
}): Promise<StreamEnd> => {
  const connection = new AbortController();
  const abort = () => connection.abort();
  signal.addEventListener("abort", abort);
  let watchdog = setTimeout(abort, longestSilenceMs);
  try {
    const response = await gate.fetch(
      new Request(new URL("api/live", root), {
        headers: lastEventId === undefined ? {} : { "last-event-id": lastEventId },
        signal: connection.signal,
      }),
    );
    if (!response.ok || !response.body) return endOf(response.status);
    const events = response.body
      .pipeThrough(new TextDecoderStream())
      .pipeThrough(new EventSourceParserStream())
      .getReader();
    for (let { value } = await events.read(); value; { value } = await events.read()) {
      clearTimeout(watchdog);
      watchdog = setTimeout(abort, longestSilenceMs);
      // The login of this stream has ended; a new stream shows whether the session was renewed meanwhile.
      if (value.event === "end") return "lost";
      onMessage({ event: value.event, data: JSON.parse(value.data), id: value.id } as LiveMessage);
    }
    return "lost";
  } catch (error) {
    return error instanceof ApiError ? endOf(error.status) : "unreachable";
  } finally {
    clearTimeout(watchdog);
    signal.removeEventListener("abort", abort);
    connection.abort();
  }
};

const endOf = (status: number): StreamEnd => {
  if (status === 401 || status === 403) return "forbidden";
  return ofProxies.includes(status) ? "unreachable" : "refused";
};
