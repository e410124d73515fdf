import type { ServerResponse } from "node:http";
import type { Stream } from "./backend.ts";

const reconnectAfterMs = 1_000;
const lineFeed = 10;

/** An event stream on its way to the client. It ends between two events, so that none is cut in half. */
export class EventStream implements Stream {
  #atBoundary = true;
  #ending = false;

  constructor(
    private readonly response: ServerResponse,
    private readonly abort: () => void,
  ) {}

  /** Passes a chunk on; false asks the caller to pause. */
  write(chunk: Buffer): boolean {
    if (this.response.writableEnded) return true;
    const more = this.response.write(chunk);
    this.#atBoundary = endsEvent(chunk);
    if (this.#ending && this.#atBoundary) this.#end();
    return more;
  }

  askToReconnect(): void {
    this.#ending = true;
    if (this.#atBoundary) this.#end();
  }

  cut(): void {
    this.response.destroy();
  }

  #end(): void {
    this.response.end(`retry: ${reconnectAfterMs}\n\n`);
    this.abort();
  }
}

/** An empty line ends an event. */
const endsEvent = (chunk: Buffer): boolean => {
  const text = chunk.subarray(-4).toString("latin1");
  return chunk.at(-1) === lineFeed && (text.endsWith("\n\n") || text.endsWith("\r\n\r\n"));
};
