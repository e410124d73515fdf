import { once } from "node:events";
import { chmod } from "node:fs/promises";
import { createServer, type IncomingMessage, type ServerResponse } from "node:http";
import { Server as NetServer } from "node:net";
import { json } from "node:stream/consumers";
import { removeFile } from "../../core/atomic-file.ts";
import { Failure } from "../../core/failure.ts";
import { messageOf } from "../../core/message-of.ts";
import type { DivisionRequest } from "../traffic/division-file.ts";
import { switchFailed } from "../traffic/failures.ts";
import type { OpenWork, Slot, Tick } from "../traffic/traffic-switch.ts";
import {
  controlPaths,
  divisionRequestSchema,
  drainSchema,
  type FrontState,
  type RenewRequest,
  renewSchema,
} from "./control-protocol.ts";

/** What the control socket can ask of a front. */
export interface Controlled {
  state(): FrontState;
  divide(division: DivisionRequest): Promise<void>;
  drain(slot: Slot, deadlineMs: number): Promise<OpenWork>;
  ticks(signal: AbortSignal): AsyncIterable<Tick>;
  renew(request: RenewRequest): Promise<void>;
}

/** A served control socket. */
export interface ControlServer {
  listen(): Promise<void>;
  /** Removes the socket; requests in progress get their responses. */
  stopListening(): void;
  closeConnections(): void;
}

/** Serves the control socket, which only this user can open. */
export const createControl = (path: string, front: Controlled): ControlServer => {
  const server = createServer((request, response) => {
    answer(request, response, front).catch((error: unknown) => {
      const failure = error instanceof Failure ? error : switchFailed({ reason: messageOf(error) });
      send(response, failure.status, failure.toProblem());
    });
  });
  return {
    listen: async () => {
      // Left behind by a front that was killed: the caller knows that none runs.
      await removeFile(path);
      server.listen(path);
      await once(server, "listening");
      await chmod(path, 0o600);
    },
    // That of http.Server also closes idle connections, and the one of the request that renews the front is one.
    stopListening: () => void NetServer.prototype.close.call(server),
    closeConnections: () => server.closeAllConnections(),
  };
};

const answer = async (
  request: IncomingMessage,
  response: ServerResponse,
  front: Controlled,
): Promise<void> => {
  switch (`${request.method} ${request.url}`) {
    case `GET ${controlPaths.state}`:
      return send(response, 200, front.state());
    case `PUT ${controlPaths.division}`:
      await front.divide(divisionRequestSchema.parse(await json(request)));
      return send(response, 200, front.state());
    case `POST ${controlPaths.drain}`: {
      const { slot, deadline_ms } = drainSchema.parse(await json(request));
      return send(response, 200, await front.drain(slot, deadline_ms));
    }
    case `POST ${controlPaths.renew}`:
      await front.renew(renewSchema.parse(await json(request)));
      return send(response, 200, {});
    case `GET ${controlPaths.ticks}`:
      return sendTicks(response, front);
    default:
      return send(response, 404, {});
  }
};

const send = (response: ServerResponse, status: number, body: object): void => {
  response.writeHead(status, { "content-type": "application/json" }).end(JSON.stringify(body));
};

/** One JSON document a line. */
const sendTicks = async (response: ServerResponse, front: Controlled): Promise<void> => {
  const gone = new AbortController();
  response.once("close", () => gone.abort());
  response.writeHead(200, { "content-type": "application/x-ndjson" }).flushHeaders();
  for await (const tick of front.ticks(gone.signal)) response.write(`${JSON.stringify(tick)}\n`);
};
