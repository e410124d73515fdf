/** A close frame from a server: 1012, "service restart". */
export const serviceRestart = Buffer.from([0x88, 2, 1012 >> 8, 1012 & 0xff]);

const longestHeader = 10;

/** Follows the frames of a WebSocket server, to know when its bytes end with a complete frame. */
export class FrameTracker {
  #payloadLeft = 0;
  #header = Buffer.alloc(0);

  get atBoundary(): boolean {
    return this.#payloadLeft === 0 && this.#header.length === 0;
  }

  follow(chunk: Buffer): void {
    let at = 0;
    while (at < chunk.length) {
      if (this.#payloadLeft > 0) {
        const skipped = Math.min(this.#payloadLeft, chunk.length - at);
        this.#payloadLeft -= skipped;
        at += skipped;
        continue;
      }
      const missing = longestHeader - this.#header.length;
      const known = this.#header.length;
      const header = Buffer.concat([this.#header, chunk.subarray(at, at + missing)]);
      const size = headerSize(header);
      if (size === undefined) {
        this.#header = header;
        return;
      }
      at += size - known;
      this.#header = Buffer.alloc(0);
      this.#payloadLeft = payloadLength(header);
    }
  }
}

/** Undefined if it is incomplete. */
const headerSize = (header: Buffer): number | undefined => {
  if (header.length < 2) return undefined;
  const second = header[1] as number;
  const length = second & 0x7f;
  const size = 2 + (length === 126 ? 2 : length === 127 ? 8 : 0) + (second & 0x80 ? 4 : 0);
  return header.length >= Math.min(size, longestHeader) ? size : undefined;
};

const payloadLength = (header: Buffer): number => {
  const length = (header[1] as number) & 0x7f;
  if (length === 126) return header.readUInt16BE(2);
  return length === 127 ? Number(header.readBigUInt64BE(2)) : length;
};
