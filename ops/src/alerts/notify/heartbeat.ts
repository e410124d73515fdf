import type { Logger } from "../../core/logger.ts";
import { requestFailure } from "../model/request-failure.ts";

const everyMs = 60_000;

/**
 * Calls an address every minute, so that an external service detects when this process stops. Failures are logged
 * once, and once when they end.
 */
export class Heartbeat {
  readonly #url: string;
  readonly #log: Logger;
  readonly #timeoutMs: number;
  readonly #ended = new AbortController();
  #timer: NodeJS.Timeout | undefined;
  #failure: string | undefined;

  /**
   * @param options.url a secret: it never appears in a log
   * @param options.timeoutMs how long the other side may take to answer
   */
  constructor({ url, log, timeoutMs = 10_000 }: { url: string; log: Logger; timeoutMs?: number }) {
    this.#url = url;
    this.#log = log;
    this.#timeoutMs = timeoutMs;
  }

  /** Calls now and then every minute. */
  start(): void {
    if (this.#timer) return;
    this.#timer = setInterval(() => void this.#beat(), everyMs).unref();
    void this.#beat();
  }

  /** Stops the calls; a running call is aborted. */
  stop(): void {
    clearInterval(this.#timer);
    this.#ended.abort();
  }

  async #beat(): Promise<void> {
    const failure = await this.#call();
    if (this.#ended.signal.aborted || failure === this.#failure) return;
    if (failure === undefined) this.#log.info({}, "the heartbeat arrives again");
    else this.#log.warn({ reason: failure }, "the heartbeat does not arrive");
    this.#failure = failure;
  }

  /** The error without the address. */
  async #call(): Promise<string | undefined> {
    try {
      const signal = AbortSignal.any([this.#ended.signal, AbortSignal.timeout(this.#timeoutMs)]);
      const response = await fetch(this.#url, { signal });
      await response.body?.cancel();
      return response.ok ? undefined : `answered ${response.status}`;
    } catch (error) {
      return requestFailure(error);
    }
  }
}
