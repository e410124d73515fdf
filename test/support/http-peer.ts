import { once } from "node:events";
import { createServer, type IncomingHttpHeaders } from "node:http";
import type { AddressInfo } from "node:net";

/** A request as it arrived. */
export interface ReceivedRequest {
  path: string;
  headers: IncomingHttpHeaders;
  body: string;
}

/**
 * A response: with `breaksOff`, only half of the body is sent; "nothing" keeps the connection open without a response,
 * "closed" closes it.
 */
export type PeerResponse =
  | { status: number; headers?: Record<string, string>; body?: string; breaksOff?: "hangs" | "closes" }
  | "nothing"
  | "closed";

/** An HTTP server that stands for the service of somebody else. */
export interface HttpPeer {
  readonly url: string;
  /** Oldest first, whatever the response was. */
  readonly requests: ReceivedRequest[];
  close(): Promise<void>;
}

/** Starts a server on the loopback that responds to each request as `respond` says. */
export const startHttpPeer = async (
  respond: (request: ReceivedRequest) => PeerResponse,
): Promise<HttpPeer> => {
  const requests: ReceivedRequest[] = [];
  const server = createServer(async (request, response) => {
    let body = "";
    for await (const chunk of request) body += chunk;
    const received = { path: request.url ?? "", headers: request.headers, body };
    requests.push(received);
    const answer = respond(received);
    if (answer === "closed") request.socket.destroy();
    else if (answer !== "nothing") {
      const { status, headers = {}, body: text = "", breaksOff } = answer;
      response.writeHead(status, headers);
      if (breaksOff === undefined) response.end(text);
      else response.write(text.slice(0, text.length / 2));
      if (breaksOff === "closes") setImmediate(() => request.socket.destroy());
    }
  });
  server.listen(0, "127.0.0.1");
  await once(server, "listening");
  return {
    url: `http://127.0.0.1:${(server.address() as AddressInfo).port}`,
    requests,
    close: async () => {
      server.closeAllConnections();
      if (server.listening) await new Promise((resolve) => server.close(resolve));
    },
  };
};
