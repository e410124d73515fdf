import { setTimeout as sleep } from "node:timers/promises";
import { requestsEndWithinMs, streamsEndWithinMs } from "../traffic/drain.ts";
import type { OpenWork } from "../traffic/traffic-switch.ts";
import type { Backend } from "./backend.ts";

const lookEveryMs = 10;

/** Ends the work of a backend that gets no new requests: requests are awaited, streams asked to reconnect, then cut. */
export const drainBackend = async (
  backend: Pick<Backend, "streams" | "inFlight">,
  deadlineMs = streamsEndWithinMs,
): Promise<OpenWork> => {
  const startedMs = performance.now();
  const elapsedMs = () => performance.now() - startedMs;
  const streamsUntilMs = Math.min(deadlineMs, streamsEndWithinMs);
  const requestsUntilMs = Math.min(deadlineMs, requestsEndWithinMs);
  for (const stream of backend.streams) stream.askToReconnect();
  const isBusy = () =>
    (backend.inFlight > 0 && elapsedMs() < requestsUntilMs) ||
    (backend.streams.size > 0 && elapsedMs() < streamsUntilMs);
  while (isBusy()) await sleep(lookEveryMs);
  const left = { inFlight: backend.inFlight, streams: backend.streams.size };
  for (const stream of backend.streams) stream.cut();
  return left;
};
