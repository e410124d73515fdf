import type { IncomingMessage, ServerResponse } from "node:http";
import type { Dispatcher } from "undici";
import type { Outcome } from "../traffic/client-counter.ts";
import type { Backend } from "./backend.ts";
import { EventStream } from "./event-stream.ts";
import { requestHeaders, responseHeaders } from "./headers.ts";
import { type RequestBody, readBody } from "./request-body.ts";
import { respondWithProblem } from "./respond.ts";
import { backendFor, type Route, type Routing, routeOf } from "./routing.ts";

export interface Forwarding extends Routing {
  onOutcome: (outcome: Outcome) => void;
}

const idempotent = new Set(["GET", "HEAD", "OPTIONS", "TRACE", "PUT", "DELETE"]);

const mayRepeat = ({ method = "", headers }: IncomingMessage): boolean =>
  idempotent.has(method) || headers["idempotency-key"] !== undefined;

/** Answers a request with the response of a slot. */
export const forward = async (
  request: IncomingMessage,
  response: ServerResponse,
  forwarding: Forwarding,
): Promise<void> => {
  const arrivedMs = performance.now();
  const body = await readBody(request).catch(() => undefined);
  if (body === undefined) return void response.destroy();
  const route = routeOf(request, forwarding);
  const headers = requestHeaders(request, forwarding.trusts);
  const { "content-length": length } = request.headers;
  if (body.state === "stream" && length !== undefined) headers.push("content-length", length);
  const tried = new Set<Backend>();
  let wasSent = false;
  for (;;) {
    const backend = backendFor(route.slot, forwarding.backends, tried);
    if (backend === undefined) {
      forwarding.onOutcome({ ...outcomeOf(route, arrivedMs), failed: true });
      return respondWithProblem(response, wasSent ? 502 : 503);
    }
    tried.add(backend);
    const attempt = new Attempt({ request, response, body, headers, backend });
    const result = await attempt.run();
    wasSent ||= attempt.isSent;
    if (result === "repeat") continue;
    if (result === "lost") backend.lost += 1;
    const failed = result === "lost" || (result !== "abandoned" && response.statusCode >= 500);
    const isTimed = result === "answered" && !attempt.isStream;
    forwarding.onOutcome({
      ...outcomeOf({ ...route, slot: backend.slot }, arrivedMs),
      ...(!isTimed && { latencyMs: undefined }),
      failed,
    });
    return;
  }
};

const outcomeOf = ({ client, slot }: Route, arrivedMs: number) => ({
  client,
  slot,
  latencyMs: performance.now() - arrivedMs,
});

/** `abandoned`: the client gave up. `lost`: the slot gave no complete response, and the request is not repeated. */
type Result = "answered" | "abandoned" | "lost" | "repeat";

interface Exchange {
  request: IncomingMessage;
  response: ServerResponse;
  body: RequestBody;
  headers: string[];
  backend: Backend;
}

/** One request to one slot. */
class Attempt implements Dispatcher.DispatchHandler {
  isStream = false;
  isSent = false;
  #controller: Dispatcher.DispatchController | undefined;
  #events: EventStream | undefined;
  #isOpen = true;
  #settle: (result: Result) => void = () => undefined;
  readonly #result = new Promise<Result>((resolve) => {
    this.#settle = resolve;
  });

  constructor(private readonly exchange: Exchange) {}

  async run(): Promise<Result> {
    const { request, response, body, headers, backend } = this.exchange;
    const giveUp = () => {
      if (!response.writableFinished) this.#abandon();
    };
    const resume = () => this.#controller?.resume();
    response.once("close", giveUp).on("drain", resume);
    backend.inFlight += 1;
    try {
      backend.pool.dispatch(
        {
          path: request.url ?? "/",
          method: request.method as Dispatcher.HttpMethod,
          headers,
          body: body.state === "kept" ? body.bytes : body.open(),
        },
        this,
      );
      return await this.#result;
    } finally {
      this.#leave();
      response.off("close", giveUp).off("drain", resume);
    }
  }

  onRequestStart(controller: Dispatcher.DispatchController): void {
    this.#controller = controller;
    this.isSent = true;
    if (this.exchange.response.destroyed) controller.abort(new Error("the client gave up"));
  }

  onResponseStart(
    controller: Dispatcher.DispatchController,
    statusCode: number,
    headers: Record<string, string | string[] | undefined>,
    statusMessage?: string,
  ): void {
    if (statusCode < 200) return;
    const { response, backend } = this.exchange;
    const raw = (controller.rawHeaders ?? []) as (Buffer | string)[];
    response.writeHead(statusCode, statusMessage, responseHeaders(raw));
    if (!String(headers["content-type"] ?? "").startsWith("text/event-stream")) return;
    this.isStream = true;
    backend.inFlight -= 1;
    this.#events = new EventStream(response, () => this.#abandon());
    backend.streams.add(this.#events);
    response.flushHeaders();
  }

  onResponseData(controller: Dispatcher.DispatchController, chunk: Buffer): void {
    const more = this.#events ? this.#events.write(chunk) : this.exchange.response.write(chunk);
    if (!more) controller.pause();
  }

  onResponseEnd(_controller: Dispatcher.DispatchController, trailers: Record<string, unknown>): void {
    const { response } = this.exchange;
    const names = Object.keys(trailers);
    if (names.length > 0) response.addTrailers(trailers as Record<string, string>);
    response.end();
    this.#settle("answered");
  }

  onResponseError(_controller: Dispatcher.DispatchController, error: Error): void {
    this.#settle(this.#resultOf(error));
  }

  #resultOf({ code }: NodeJS.ErrnoException): Result {
    const { request, response, body, backend } = this.exchange;
    if (response.destroyed || response.writableEnded) return "abandoned";
    if (response.headersSent) {
      response.destroy();
      return "lost";
    }
    if (code?.startsWith("UND_ERR_INVALID")) {
      respondWithProblem(response, 400);
      return "answered";
    }
    if (!this.isSent) backend.eject();
    const isWhole = body.state === "kept" || !body.wasRead();
    if (isWhole && (!this.isSent || mayRepeat(request))) return "repeat";
    respondWithProblem(response, 502);
    return "lost";
  }

  #abandon(): void {
    this.#controller?.abort(new Error("the client gave up"));
    this.#settle("abandoned");
  }

  #leave(): void {
    if (!this.#isOpen) return;
    this.#isOpen = false;
    const { backend } = this.exchange;
    if (this.#events) backend.streams.delete(this.#events);
    else backend.inFlight -= 1;
  }
}
