import type { IncomingMessage } from "node:http";
import { Readable } from "node:stream";

/** Bodies up to this size are kept until the response begins, so that the request can be sent again. */
export const keptBodyBytes = 64 * 1_024;

/** A body of a request: kept in memory, or a stream that can be read once. */
export type RequestBody =
  | { state: "kept"; bytes: Buffer | null }
  | { state: "stream"; open: () => Readable; wasRead: () => boolean };

/** Reads a small body completely; returns the rest of a large one as a stream. Rejects if the client gives up. */
export const readBody = async (request: IncomingMessage): Promise<RequestBody> => {
  const { "content-length": length, "transfer-encoding": encoding } = request.headers;
  if (encoding === undefined && (length === undefined || length === "0"))
    return { state: "kept", bytes: null };
  if (Number(length ?? 0) > keptBodyBytes) return streamOf([], request);
  const iterator = request.iterator({ destroyOnReturn: false });
  const chunks: Buffer[] = [];
  let bytes = 0;
  for await (const chunk of iterator as AsyncIterable<Buffer>) {
    chunks.push(chunk);
    bytes += chunk.length;
    if (bytes > keptBodyBytes) return streamOf(chunks, request);
  }
  return { state: "kept", bytes: Buffer.concat(chunks) };
};

const streamOf = (first: readonly Buffer[], rest: IncomingMessage): RequestBody => {
  let wasRead = false;
  // It starts at the first read: until then, a slot that cannot be connected to has consumed nothing.
  async function* read(): AsyncGenerator<Buffer> {
    wasRead = true;
    yield* first;
    yield* rest;
  }
  return {
    state: "stream",
    open: () => Readable.from(read(), { objectMode: false }),
    wasRead: () => wasRead,
  };
};
