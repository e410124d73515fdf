import { Agent, fetch as undiciFetch } from "undici";
import { socketPaths } from "../front/index.ts";
import type { Slot } from "../traffic/index.ts";

/** The version that is tried: the one in a slot of this data directory, or the one at an address. */
export type SmokeTarget = { slot: Slot } | { url: string };

/** Sends requests to a target. */
export interface Requester {
  fetch(path: string, init?: RequestInit, signal?: AbortSignal): Promise<Response>;
  close(): Promise<void>;
}

/** Sends requests to a slot over its unix socket, whatever share of the traffic it has, or to an address. */
export const requesterFor = (target: SmokeTarget, dataDir: string): Requester => {
  const dispatcher = new Agent(
    "slot" in target ? { connect: { socketPath: socketPaths(dataDir).slot(target.slot) } } : {},
  );
  const base = "slot" in target ? "http://localhost" : target.url;
  return {
    fetch: async (path, init = {}, signal) => {
      const given = init.signal && signal ? AbortSignal.any([init.signal, signal]) : (init.signal ?? signal);
      try {
        const response = await undiciFetch(new URL(path, base), {
          ...(init as object),
          dispatcher,
          ...(given && { signal: given }),
        });
        // The same class as the built-in one, of another version.
        return response as unknown as Response;
      } catch (error) {
        // "fetch failed" names no reason; its cause does.
        throw error instanceof TypeError && error.cause !== undefined ? error.cause : error;
      }
    },
    close: () => dispatcher.destroy(),
  };
};
