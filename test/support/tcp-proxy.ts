import { once } from "node:events";
import { connect, createServer, type Socket } from "node:net";

/** A TCP proxy to a local server that can be frozen or switched to another port. */
export interface TcpProxy {
  readonly port: number;
  /** The URL with the address of the proxy. */
  through(url: string): string;
  /** Stops forwarding without closing connections, new ones included. */
  freeze(): void;
  thaw(): void;
  /** Forwards new connections to another port and closes the existing ones. */
  switchTo(port: number): void;
  close(): Promise<void>;
}

/** Starts a proxy to a port of the loopback interface. */
export const startTcpProxy = async (target: number): Promise<TcpProxy> => {
  let to = target;
  let frozen = false;
  const sockets = new Set<Socket>();
  const settle = (socket: Socket) => (frozen ? socket.pause() : socket.resume());
  const server = createServer({ pauseOnConnect: true }, (near) => {
    const far = connect(to, "127.0.0.1");
    for (const [one, other] of [
      [near, far],
      [far, near],
    ] as const) {
      sockets.add(one);
      one.on("data", (chunk) => other.write(chunk));
      one.on("error", () => other.destroy());
      one.on("close", () => {
        sockets.delete(one);
        other.destroy();
      });
      settle(one);
    }
  }).listen(0, "127.0.0.1");
  await once(server, "listening");
  const { port } = server.address() as { port: number };
  const cut = () => {
    for (const socket of sockets) socket.destroy();
  };
  return {
    port,
    through: (url) => Object.assign(new URL(url), { host: `127.0.0.1:${port}` }).href,
    freeze: () => {
      frozen = true;
      for (const socket of sockets) settle(socket);
    },
    thaw: () => {
      frozen = false;
      for (const socket of sockets) settle(socket);
    },
    switchTo: (next) => {
      to = next;
      cut();
    },
    close: async () => {
      cut();
      server.close();
      await once(server, "close");
    },
  };
};
