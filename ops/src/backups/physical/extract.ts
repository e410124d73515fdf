import { createHash } from "node:crypto";
import { chown, mkdir, open, writeFile } from "node:fs/promises";
import { join } from "node:path";
import { Transform, Writable } from "node:stream";
import { pipeline } from "node:stream/promises";
import { extract } from "tar-fs";
import { z } from "zod";
import type { Account } from "../../database/embedded/root-account.ts";
import type { Manifest, Part } from "../manifest.ts";
import { type PartFolder, readPart } from "../storage/part.ts";
import { formatLsn, parseLsn, segmentName } from "./lsn.ts";

/** PostgreSQL's `backup_manifest`, as far as it is used. */
const listSchema = z.object({
  Files: z.array(
    z.object({
      Path: z.string().optional(),
      "Encoded-Path": z.string().optional(),
      Size: z.int(),
      Checksum: z.string(),
    }),
  ),
  "WAL-Ranges": z.array(z.object({ Timeline: z.int(), "Start-LSN": z.string(), "End-LSN": z.string() })),
});

/** An extracted data directory. */
export interface Extracted {
  readonly files: number;
  readonly bytes: number;
  /** Files that are missing, changed or not listed, and a log that does not cover the backup. */
  readonly faults: string[];
}

export interface ExtractOptions {
  readonly folder: PartFolder;
  readonly manifest: Manifest;
  /** The data directory; created. */
  readonly directory: string;
  /** Owns the files. */
  readonly account: Account;
  readonly onBytes?: (bytes: number) => void;
}

/**
 * Extracts a physical backup, and compares each file with PostgreSQL's own list: size, SHA-256, and the range of the log.
 *
 * Tablespaces become directories in `<directory>.tablespaces`: never the places of the original.
 */
export const extractBackup = async (options: ExtractOptions): Promise<Extracted> => {
  const { manifest, directory, account } = options;
  await makeOwned(directory, account);
  const found = new Map<string, { size: number; sha256: string }>();
  const spaces: string[] = [];
  for (const part of manifest.parts) {
    if (part.kind === "base") await extractArchive(options, part, { to: directory, prefix: "", found });
    if (part.kind === "tablespace") {
      const to = join(`${directory}.tablespaces`, String(part.oid));
      await makeOwned(`${directory}.tablespaces`, account);
      await makeOwned(to, account);
      await extractArchive(options, part, { to, prefix: `pg_tblspc/${part.oid}/`, found });
      spaces.push(`${part.oid} ${to.replaceAll("\\", "\\\\")}\n`);
    }
    if (part.kind === "wal") await writeSegments(options, part);
  }
  if (spaces.length > 0) await writeFile(join(directory, "tablespace_map"), spaces.join(""));
  const list = await readList(options);
  const bytes = [...found.values()].reduce((sum, { size }) => sum + size, 0);
  return { files: found.size, bytes, faults: [...compareFiles(list, found), ...compareLog(list, manifest)] };
};

const makeOwned = async (directory: string, { uid, gid }: Account): Promise<void> => {
  await mkdir(directory, { recursive: true, mode: 0o700 });
  if (uid !== undefined && gid !== undefined) await chown(directory, uid, gid);
};

const extractArchive = async (
  { folder, account, onBytes }: ExtractOptions,
  part: Part,
  { to, prefix, found }: { to: string; prefix: string; found: Map<string, { size: number; sha256: string }> },
): Promise<void> => {
  const unpack = extract(to, {
    // Under root, as the account that will run the server; otherwise, all files belong to this process.
    ...(account.uid === undefined ? { chown: false } : {}),
    map: (header) => Object.assign(header, { uid: account.uid, gid: account.gid }),
    mapStream: (stream, header) => {
      const hash = createHash("sha256");
      let size = 0;
      const passing = new Transform({
        transform(chunk: Buffer, _, done) {
          hash.update(chunk);
          size += chunk.length;
          onBytes?.(chunk.length);
          done(null, chunk);
        },
        flush(done) {
          found.set(`${prefix}${header.name}`, { size, sha256: hash.digest("hex") });
          done();
        },
      });
      stream.on("error", (error) => passing.destroy(error));
      // Any stream will do; the types ask for the one of a file.
      return stream.pipe(passing) as unknown as typeof stream;
    },
  });
  await pipeline([...readPart(folder, part), unpack]);
};

/** Cuts the log into the files of `pg_wal`. */
const writeSegments = async (
  { folder, manifest, directory, account }: ExtractOptions,
  part: Part,
): Promise<void> => {
  const { wal } = manifest;
  if (!wal) return;
  let position = parseLsn(wal.start);
  const size = wal.segment_bytes;
  const place = join(directory, "pg_wal");
  const write = async (chunk: Buffer) => {
    for (let rest = chunk; rest.length > 0; ) {
      const offset = Number(position % BigInt(size));
      const here = rest.subarray(0, size - offset);
      const path = join(place, segmentName(wal.timeline, position - BigInt(offset), size));
      const file = await open(path, offset === 0 ? "w" : "r+", 0o600);
      try {
        await file.write(here, 0, here.length, offset);
        // Zeros behind the last record: there, recovery ends.
        if (offset === 0) await file.truncate(size);
        if (account.uid !== undefined && account.gid !== undefined)
          await file.chown(account.uid, account.gid);
      } finally {
        await file.close();
      }
      position += BigInt(here.length);
      rest = rest.subarray(here.length);
    }
  };
  const sink = new Writable({
    write: (chunk: Buffer, _, done) => void write(chunk).then(() => done(), done),
  });
  await pipeline([...readPart(folder, part), sink]);
};

const readList = async ({ folder, manifest }: ExtractOptions) => {
  const part = manifest.parts.find(({ kind }) => kind === "files");
  if (!part) return { Files: [], "WAL-Ranges": [] };
  const chunks: Buffer[] = [];
  const sink = new Writable({
    write: (chunk: Buffer, _, done) => {
      chunks.push(chunk);
      done();
    },
  });
  await pipeline([...readPart(folder, part), sink]);
  return listSchema.parse(JSON.parse(Buffer.concat(chunks).toString("utf8")));
};

type FileList = z.infer<typeof listSchema>;

const compareFiles = (
  { Files }: FileList,
  found: ReadonlyMap<string, { size: number; sha256: string }>,
): string[] => {
  const faults: string[] = [];
  if (Files.length === 0) faults.push("the list of files is missing");
  const listed = new Set<string>();
  for (const file of Files) {
    const path = file.Path ?? Buffer.from(file["Encoded-Path"] ?? "", "hex").toString("utf8");
    listed.add(path);
    const there = found.get(path);
    if (!there) faults.push(`${path} is missing`);
    else if (there.size !== file.Size) faults.push(`${path} has ${there.size} bytes instead of ${file.Size}`);
    else if (there.sha256 !== file.Checksum) faults.push(`${path} was changed`);
  }
  for (const path of found.keys())
    if (!listed.has(path) && path !== "tablespace_map") faults.push(`${path} is not in the list of files`);
  return faults;
};

const compareLog = ({ "WAL-Ranges": ranges }: FileList, { wal }: Manifest): string[] => {
  if (!wal) return ["the write-ahead log is missing"];
  return ranges
    .filter(
      (range) =>
        parseLsn(range["Start-LSN"]) < parseLsn(wal.start) || parseLsn(range["End-LSN"]) > parseLsn(wal.end),
    )
    .map(
      (range) =>
        `the write-ahead log covers ${formatLsn(parseLsn(wal.start))} to ${wal.end}, and ${range["Start-LSN"]} to ${range["End-LSN"]} is needed`,
    );
};
