import { once } from "node:events";
import { createServer, request } from "node:http";
import type { AddressInfo } from "node:net";

/**
 * Starts an HTTP proxy that serves a local server below a prefix, as `location /ops/ { proxy_pass http://server/; }` in
 * nginx does, and keeps the `Host` header. Other paths answer 404.
 */
export const startStrippingProxy = async (prefix: string, target: number) => {
  const missed: string[] = [];
  const proxy = createServer((incoming, outgoing) => {
    const { method, headers, url = "" } = incoming;
    if (!url.startsWith(`${prefix}/`)) {
      missed.push(url);
      outgoing.writeHead(404).end();
      return;
    }
    const onward = request(
      { port: target, host: "127.0.0.1", method, headers, path: url.slice(prefix.length) },
      (response) => {
        outgoing.writeHead(response.statusCode ?? 502, response.headers);
        response.pipe(outgoing);
      },
    );
    onward.on("error", () => outgoing.destroy());
    outgoing.on("close", () => onward.destroy());
    incoming.pipe(onward);
  }).listen(0, "127.0.0.1");
  await once(proxy, "listening");
  const { port } = proxy.address() as AddressInfo;
  return {
    url: `http://127.0.0.1:${port}${prefix}`,
    /** Requests beside the prefix. */
    missed,
    close: async () => {
      proxy.closeAllConnections();
      proxy.close();
      await once(proxy, "close");
    },
  };
};
