import { lookup } from "node:dns/promises";
import { once } from "node:events";
import { createServer as createHttpServer, type Server } from "node:http";
import { createServer, Server as NetServer } from "node:net";
import { defineFailure } from "../../core/failure.ts";

const unprivilegedPort = 10_001;
const allNetworks = new Set(["0.0.0.0", "::"]);

export const portTaken = defineFailure({
  code: "EB_PORT_TAKEN",
  status: 500,
  detail: "Port {port} is already in use.",
  remedy: "Stop the other program, or set PORT to another port.",
});

const hostNotOurs = defineFailure({
  code: "EB_HOST_NOT_OURS",
  status: 500,
  detail: "This machine has no address {host} to listen on.",
  remedy: "Correct HOST: localhost is this machine only, 0.0.0.0 is all networks.",
});

/** Where a server listens. */
export interface Place {
  host: string;
  port: number;
}

/** A listening socket of libuv, which can be sent to another process. */
export type ListeningHandle = object;

/** Sockets that connections arrive on. */
export interface Listeners {
  url: string;
  port: number;
  handles(): ListeningHandle[];
  /** Accepts no more connections and keeps the open ones. */
  close(): void;
}

/**
 * Listens at all addresses of the host: `localhost` is 127.0.0.1 and ::1. If the port requires privileges, the server
 * uses 10001.
 *
 * @throws Failure EB_PORT_TAKEN, EB_HOST_NOT_OURS
 */
export const listen = async (server: Server, { host, port }: Place): Promise<Listeners> => {
  try {
    const found = await lookup(host, { all: true });
    const [first, ...others] = new Set(found.map(({ address }) => address));
    await bind(server, { host: first ?? host, port });
    const more: NetServer[] = [];
    if (host === "localhost") {
      for (const address of others) {
        // A machine may lack IPv6.
        const extra = connectionsOf(server);
        await bind(extra, { host: address, port: portOf(server) }).then(
          () => more.push(extra),
          () => undefined,
        );
      }
    }
    return listenersOf(host, [server, ...more]);
  } catch (error) {
    const { code } = error as NodeJS.ErrnoException;
    if (code === "EADDRINUSE") throw portTaken({ port });
    if (code === "EADDRNOTAVAIL" || code === "ENOTFOUND") throw hostNotOurs({ host });
    if (code !== "EACCES" || port === unprivilegedPort) throw error;
    return listen(server, { host, port: unprivilegedPort });
  }
};

/** Listens on the sockets of another process. */
export const listenOn = async (
  server: Server,
  host: string,
  [first, ...others]: readonly ListeningHandle[],
): Promise<Listeners> => {
  await bind(server, first as object);
  const more = others.map(() => connectionsOf(server));
  for (const [index, extra] of more.entries()) await bind(extra, others[index] as object);
  return listenersOf(host, [server, ...more]);
};

/** A server whose connections `server` handles. */
const connectionsOf = (server: Server): NetServer =>
  createServer({ allowHalfOpen: true, noDelay: true }, (socket) => void server.emit("connection", socket));

const bind = async (server: NetServer, place: object): Promise<void> => {
  server.listen(place);
  await once(server, "listening");
};

const portOf = (server: NetServer): number => {
  const address = server.address();
  return typeof address === "object" && address ? address.port : 0;
};

const listenersOf = (host: string, servers: readonly NetServer[]): Listeners => {
  const port = portOf(servers[0] as NetServer);
  const name = allNetworks.has(host) ? "localhost" : host.includes(":") ? `[${host}]` : host;
  return {
    url: `http://${name}:${port}`,
    port,
    handles: () => servers.map((server) => (server as unknown as { _handle: ListeningHandle })._handle),
    close: () => {
      // That of http.Server also closes idle connections, on which a request may be on its way.
      for (const server of servers) NetServer.prototype.close.call(server);
    },
  };
};

/**
 * The URL and the port that a front can use, before it listens.
 *
 * @throws Failure EB_PORT_TAKEN, EB_HOST_NOT_OURS
 */
export const findAddress = async (place: Place): Promise<{ url: string; port: number }> => {
  const server = createHttpServer();
  const { url, port, close } = await listen(server, place);
  close();
  server.close();
  return { url, port };
};
