import { createServer, type ServerResponse } from "node:http";
import type { Socket } from "node:net";
import { setTimeout as sleep } from "node:timers/promises";
import { type Clock, systemClock } from "../../core/clock.ts";
import { DivisionFile } from "../traffic/division-file.ts";
import { requestsEndWithinMs } from "../traffic/drain.ts";
import { slotHasTraffic } from "../traffic/failures.ts";
import { productionSlot, slots } from "../traffic/traffic-switch.ts";
import { type ReadVersions, VersionRoutes } from "./api-version.ts";
import { Backend, type Backends } from "./backend.ts";
import { proxyTrust } from "./client.ts";
import type { RenewRequest } from "./control-protocol.ts";
import { createControl } from "./control-server.ts";
import { drainBackend } from "./drain.ts";
import { type Forwarding, forward } from "./forward.ts";
import { type Listeners, type ListeningHandle, listen, listenOn, type Place } from "./listen.ts";
import { prepareSockets } from "./socket-directory.ts";
import { TickFeed } from "./tick-feed.ts";
import { upgrade } from "./upgrade.ts";

/** Longer than proxies keep idle connections, as that of Fastify. */
const clientIdleMs = 72_000;
/** When the front stops, streams that do not end when asked are cut after this time. */
const lastStreamsMs = 2_000;
const lookEveryMs = 10;

export interface FrontOptions extends Place {
  dataDir: string;
  /** Proxies whose `X-Forwarded-*` headers are believed, as the setting `TRUST_PROXY`. */
  trustProxy?: string | undefined;
  clock?: Clock;
  /** With fewer requests in the hour before a release, there is nothing to compare it with. 1,000 by default. */
  baselineRequests?: number;
  /** The API versions of a slot, for requests that only one slot can answer. Without it, the weights always decide. */
  versionsOf?: ReadVersions | undefined;
  /** The listening sockets of the front that this one follows. */
  handles?: readonly ListeningHandle[] | undefined;
  /** Starts another front on the listening sockets and waits until it serves. */
  handOver?: (request: RenewRequest, handles: ListeningHandle[]) => Promise<void>;
}

export interface RunningFront {
  readonly url: string;
  /**
   * Accepts no more connections, finishes requests, and ends streams.
   *
   * @param idleMs how long to keep idle connections, for the last request that may be on its way
   */
  stop(idleMs?: number): Promise<void>;
}

/**
 * Listens, and forwards requests to the slots of a data directory by their weights.
 *
 * @throws Failure EB_PORT_TAKEN, EB_HOST_NOT_OURS, EB_SOCKET_DIRECTORY
 */
export const startFront = async (options: FrontOptions): Promise<RunningFront> => {
  const { dataDir, trustProxy, handles, handOver, clock = systemClock, baselineRequests = 1_000 } = options;
  const { versionsOf = async () => undefined } = options;
  const paths = await prepareSockets(dataDir);
  const file = await DivisionFile.open(dataDir);
  const backends: Backends = {
    blue: new Backend("blue", paths.slot("blue")),
    green: new Backend("green", paths.slot("green")),
  };
  const division = () => file.current;
  const versions = await VersionRoutes.start(versionsOf);
  const feed = new TickFeed({ clock, division, baselineRequests });
  const forwarding: Forwarding = {
    backends,
    trusts: proxyTrust(trustProxy),
    division,
    versions,
    onOutcome: (outcome) => feed.count(outcome),
  };
  const open = new Set<ServerResponse>();
  let isStopping = false;
  const server = createServer(
    {
      keepAliveTimeout: clientIdleMs,
      headersTimeout: 10_000,
      connectionsCheckingInterval: 1_000,
      noDelay: true,
    },
    (request, response) => {
      open.add(response);
      if (isStopping) response.shouldKeepAlive = false;
      response.once("close", () => open.delete(response));
      void forward(request, response, forwarding);
    },
  );
  // Node does not count those of WebSockets.
  const connections = new Set<Socket>();
  server.on("connection", (socket) => {
    connections.add(socket);
    socket.once("close", () => connections.delete(socket));
  });
  server.on("upgrade", (request, socket, head) => upgrade(request, socket, head, forwarding));
  const listeners = handles?.length
    ? await listenOn(server, options.host, handles)
    : await listen(server, options);

  const stop = async (idleMs = 0): Promise<void> => {
    if (isStopping) return;
    isStopping = true;
    listeners.close();
    control.stopListening();
    for (const response of open) response.shouldKeepAlive = false;
    await Promise.all(slots.map((slot) => drainBackend(backends[slot], lastStreamsMs)));
    const startedMs = performance.now();
    const isOpen = () =>
      (open.size > 0 && performance.now() - startedMs < requestsEndWithinMs) ||
      (connections.size > 0 && performance.now() - startedMs < idleMs);
    while (isOpen()) await sleep(lookEveryMs);
    control.closeConnections();
    for (const socket of connections) socket.destroy();
    server.close();
    feed.stop();
    versions.stop();
    await Promise.all(slots.map((slot) => backends[slot].close()));
  };

  const control = createControl(paths.control, {
    state: () => ({
      ...stateOf(listeners, file, backends),
      last_hour: feed.baseline(productionSlot(division().weights)),
    }),
    divide: async (next) => {
      await file.set(next, {
        measure: (slotInProduction) => {
          feed.cut();
          return feed.baseline(slotInProduction);
        },
        onChange: (previous) => feed.cut(previous),
      });
      versions.divided(next.weights);
      for (const slot of slots) if (next.weights[slot] > 0) backends[slot].isDraining = false;
    },
    drain: async (slot, deadlineMs) => {
      const weight = division().weights[slot];
      if (weight > 0) throw slotHasTraffic({ slot, weight });
      versions.leave(slot);
      backends[slot].isDraining = true;
      return drainBackend(backends[slot], deadlineMs);
    },
    ticks: (signal) => feed.follow(signal),
    renew: async (request) => {
      // Closing removes the socket from disk, so the next front must listen later.
      control.stopListening();
      try {
        await handOver?.(request, listeners.handles());
      } catch (error) {
        await control.listen();
        throw error;
      }
    },
  });
  await control.listen();
  return { url: listeners.url, stop };
};

const stateOf = ({ url }: Listeners, { current }: DivisionFile, backends: Backends) => {
  const stateOfSlot = ({ ejected, inFlight, streams, lost }: Backend) => ({
    ejected,
    lost,
    in_flight: inFlight,
    streams: streams.size,
  });
  return {
    ...current,
    pid: process.pid,
    url,
    slots: { blue: stateOfSlot(backends.blue), green: stateOfSlot(backends.green) },
  };
};
