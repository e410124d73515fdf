import { createHash, type Hash } from "node:crypto";
import { once } from "node:events";
import { createReadStream } from "node:fs";
import { type FileHandle, open } from "node:fs/promises";
import { join } from "node:path";
import { PassThrough, type Readable, Transform, Writable } from "node:stream";
import { pipeline } from "node:stream/promises";
import { createGunzip, createGzip } from "node:zlib";
import type { Part, PartKind } from "../manifest.ts";
import { decrypting, encrypting } from "./encryption.ts";

/** Where the parts of a backup are, and their key if they are encrypted. */
export interface PartFolder {
  readonly directory: string;
  readonly key: string | undefined;
}

/** A part that is being written: compressed, encrypted if there is a key, and hashed, in constant memory. */
export interface PartWriter {
  /** Resolves when more can be written. */
  write(chunk: Buffer): Promise<void>;
  /** Resolves once the file is on disk. */
  end(): Promise<Part>;
  /** Stops writing; the file stays incomplete. */
  abandon(): Promise<void>;
}

// Level 1: the disk or the network should be the limit, not the processor.
const compression = { level: 1, chunkSize: 65_536 };
const bufferedBytes = 1_048_576;

/** Starts to write a part. The file must not exist. */
export const openPart = (
  { directory, key }: PartFolder,
  { file, kind, oid }: { file: string; kind: PartKind; oid?: number },
): PartWriter => {
  const input = new PassThrough({ highWaterMark: bufferedBytes });
  const raw = counting();
  const hash = createHash("sha256");
  const stored = counting(hash);
  const written = (async () => {
    const handle = await open(join(directory, file), "wx", 0o600);
    try {
      const stages = [
        raw.stream,
        createGzip(compression),
        ...(key === undefined ? [] : [encrypting(key, file)]),
      ];
      await pipeline([input, ...stages, stored.stream, writingTo(handle)]);
      await handle.sync();
    } finally {
      await handle.close();
    }
  })();
  written.catch((error: Error) => input.destroy(error));
  // Its error is that of `written`.
  input.on("error", () => undefined);
  return {
    write: async (chunk) => {
      if (input.destroyed) await written;
      if (!input.write(chunk)) await Promise.race([once(input, "drain"), written]);
    },
    end: async () => {
      input.end();
      await written;
      const sizes = { bytes: stored.bytes(), raw_bytes: raw.bytes(), sha256: hash.digest("hex") };
      return { file, kind, ...(oid === undefined ? {} : { oid }), ...sizes };
    },
    abandon: async () => {
      input.destroy();
      await written.catch(() => undefined);
    },
  };
};

/** Not the handle's own stream: a pipeline waits for that to close the handle, which is still to be synced. */
const writingTo = (handle: FileHandle): Writable =>
  new Writable({
    highWaterMark: bufferedBytes,
    write: (chunk: Buffer, _, done) => void handle.writeFile(chunk).then(() => done(), done),
  });

/** Counts the bytes that pass, and hashes them if there is a hash. */
const counting = (hash?: Hash) => {
  let bytes = 0;
  const stream = new Transform({
    transform(chunk: Buffer, _, done) {
      bytes += chunk.length;
      hash?.update(chunk);
      done(null, chunk);
    },
  });
  return { stream, bytes: () => bytes };
};

/** The content of a part, decrypted and decompressed. Errors of the stream tell what is wrong with the file. */
export const readPart = ({ directory, key }: PartFolder, { file }: Part): [Readable, ...Transform[]] => [
  createReadStream(join(directory, file)),
  ...(key === undefined ? [] : [decrypting(key, file)]),
  createGunzip(),
];

/** What is wrong with the file of a part: missing, cut off, changed; undefined if it is as it was written. */
export const faultOfPart = async ({ directory }: PartFolder, part: Part): Promise<string | undefined> => {
  const hash = createHash("sha256");
  let bytes = 0;
  try {
    for await (const chunk of createReadStream(join(directory, part.file), {
      highWaterMark: bufferedBytes,
    })) {
      bytes += (chunk as Buffer).length;
      hash.update(chunk as Buffer);
    }
  } catch (error) {
    const { code } = error as NodeJS.ErrnoException;
    return code === "ENOENT" ? `${part.file} is missing` : `${part.file} cannot be read (${code})`;
  }
  if (bytes !== part.bytes) return `${part.file} has ${bytes} bytes instead of ${part.bytes}`;
  return hash.digest("hex") === part.sha256 ? undefined : `${part.file} was changed`;
};
