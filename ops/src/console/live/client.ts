import { Readable } from "node:stream";

/** A client that reads slower than this much is ahead of it loses events, and gets a snapshot instead. */
const maxBufferedBytes = 256 * 1_024;

/** The stream of one client. */
export interface LiveClient {
  readonly stream: Readable;
  send(text: string): void;
  /** Sends a last text, and ends the stream. */
  end(text?: string): void;
}

/**
 * Buffers a bounded number of bytes for a client. A client that does not keep up gets a snapshot when it has read what is
 * buffered, in place of the events it has missed.
 *
 * @param snapshot the text that brings a client up to date
 */
export const createClient = (snapshot: () => string): LiveClient => {
  let isLagging = false;
  let isEnded = false;
  const stream = new Readable({
    read: () => {
      if (!isLagging || isEnded) return;
      isLagging = false;
      stream.push(snapshot());
    },
  });
  return {
    stream,
    send: (text) => {
      if (isEnded || stream.destroyed || isLagging) return;
      isLagging = stream.readableLength + text.length > maxBufferedBytes;
      if (!isLagging) stream.push(text);
    },
    end: (text) => {
      if (isEnded || stream.destroyed) return;
      isEnded = true;
      if (text !== undefined && !isLagging) stream.push(text);
      stream.push(null);
    },
  };
};
