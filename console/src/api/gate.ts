import { ApiError } from "./api-error.ts";

/** Tells the other tabs that the session has ended, and tells of it when another tab has found out. */
export interface EndedNotice {
  /** Runs work in one tab at a time. */
  exclusively<T>(work: () => Promise<T>): Promise<T>;
  publish(): void;
}

/** After a response that was not a refusal, requests are sent without waiting for this long. */
const confirmedForMs = 1_000;

/** A request waits at most this long for another one to find out whether the session has ended. */
const longestWaitMs = 2_000;

/** The time in which other tabs hear that the session has ended, before they may send a request. */
const noticeMs = 100;

/**
 * Sends the requests of a session. After a pause, one of them goes ahead and the others wait for its status: a session
 * that has ended is refused once, not once for each request of a page or tab. From then on, nothing is sent until
 * {@link reopen}.
 */
export class SessionGate {
  readonly #others: EndedNotice;
  readonly #listeners = new Set<() => void>();
  #hasEnded = false;
  #confirmedAtMs = Number.NEGATIVE_INFINITY;
  #ahead: Promise<unknown> | undefined;

  constructor(others: EndedNotice) {
    this.#others = others;
  }

  get hasEnded(): boolean {
    return this.#hasEnded;
  }

  /** A user has logged in. */
  reopen(): void {
    this.#hasEnded = false;
    this.#confirmedAtMs = performance.now();
  }

  /** Stops all requests: this tab or another one has found that the session has ended. */
  end(): void {
    if (this.#hasEnded) return;
    this.#hasEnded = true;
    for (const listener of this.#listeners) listener();
  }

  onEnd(listener: () => void): () => void {
    this.#listeners.add(listener);
    return () => this.#listeners.delete(listener);
  }

  /** @throws ApiError 401 without a request once the session has ended */
  async fetch(request: Request): Promise<Response> {
    // A write may take long, so no other request waits for it.
    if (request.method !== "GET" || performance.now() - this.#confirmedAtMs < confirmedForMs)
      return this.#send(request);
    if (this.#ahead) {
      await atMost(longestWaitMs, this.#ahead);
      return this.#send(request);
    }
    const ahead = this.#goAhead(request).finally(() => {
      this.#ahead = undefined;
    });
    this.#ahead = ahead.catch(() => {});
    return ahead;
  }

  async #goAhead(request: Request): Promise<Response> {
    let response: Promise<Response> | undefined;
    const turn = this.#others.exclusively(async () => {
      response ??= this.#send(request);
      const { status } = (await atMost(longestWaitMs, response)) ?? {};
      if (status === 401) await pause(noticeMs);
    });
    // A tab that hangs must not stop the others.
    await Promise.race([turn.catch(() => {}), pause(longestWaitMs)]);
    response ??= this.#send(request);
    return response;
  }

  async #send(request: Request): Promise<Response> {
    if (this.#hasEnded) throw new ApiError(401, undefined);
    const response = await fetch(request);
    if (response.status === 401) {
      this.#others.publish();
      this.end();
    } else this.#confirmedAtMs = performance.now();
    return response;
  }
}

const pause = (ms: number) => new Promise<undefined>((resolve) => setTimeout(resolve, ms));

const atMost = <T>(ms: number, work: Promise<T>): Promise<T | undefined> => Promise.race([work, pause(ms)]);
