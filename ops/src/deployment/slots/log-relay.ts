import { closeSync, fstatSync, openSync, readSync } from "node:fs";
import { copyFile, stat, truncate } from "node:fs/promises";

const lookEveryMs = 100;
const rotateAtBytes = 16 * 2 ** 20;
const chunkBytes = 64 * 1_024;

/** Copies what a slot writes to its log from now on to the output of the front. The log outlives the front. */
export class LogRelay {
  readonly #file: number;
  readonly #timer: NodeJS.Timeout;
  #position: number;

  constructor(
    path: string,
    private readonly write: (chunk: Buffer) => void,
  ) {
    this.#file = openSync(path, "a+", 0o600);
    this.#position = fstatSync(this.#file).size;
    this.#timer = setInterval(() => this.flush(), lookEveryMs);
  }

  /** Copies what was written so far. */
  flush(): void {
    const { size } = fstatSync(this.#file);
    if (size < this.#position) this.#position = 0;
    const buffer = Buffer.alloc(Math.min(chunkBytes, Math.max(size - this.#position, 0)));
    while (buffer.length > 0) {
      const read = readSync(this.#file, buffer, 0, buffer.length, this.#position);
      if (read === 0) return;
      this.#position += read;
      this.write(Buffer.from(buffer.subarray(0, read)));
    }
  }

  close(): void {
    clearInterval(this.#timer);
    this.flush();
    closeSync(this.#file);
  }
}

/**
 * Moves a long log to `<path>.1`. The slot appends to the file, so it goes on at the start; a line written in the moment
 * between copy and truncation is lost.
 */
export const rotateLog = async (path: string): Promise<void> => {
  if ((await stat(path)).size < rotateAtBytes) return;
  await copyFile(path, `${path}.1`);
  await truncate(path);
};
