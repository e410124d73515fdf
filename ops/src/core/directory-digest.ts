import { createHash } from "node:crypto";
import { createReadStream } from "node:fs";
import { readdir, readlink } from "node:fs/promises";
import { join } from "node:path";
import { pipeline } from "node:stream/promises";

/** What changes while a version runs, or what its lock file fixes. */
const leftOut: ReadonlySet<string> = new Set(["node_modules", ".git", ".earlybird"]);

/** The SHA-256 of the names and contents of all files below a directory, without installed packages and data. */
export const directoryDigest = async (directory: string): Promise<string> => {
  const hash = createHash("sha256");
  for await (const { name, path, link } of filesBelow(directory))
    hash.update(`${name}\0${link ?? (await fileDigest(path))}\n`);
  return hash.digest("hex");
};

/** The SHA-256 of a file. */
export const fileDigest = async (file: string): Promise<string> => {
  const hash = createHash("sha256");
  await pipeline(createReadStream(file), hash);
  return hash.digest("hex");
};

/** A file below a directory. */
interface FileBelow {
  /** Relative to the directory. */
  name: string;
  path: string;
  /** What a symbolic link points to; undefined for a file. */
  link?: string;
}

/** All files below a directory in the order of their names, without installed packages and data. */
export async function* filesBelow(directory: string, prefix = ""): AsyncGenerator<FileBelow> {
  const entries = await readdir(directory, { withFileTypes: true });
  for (const entry of entries.toSorted((one, other) => (one.name < other.name ? -1 : 1))) {
    if (leftOut.has(entry.name)) continue;
    const [path, name] = [join(directory, entry.name), `${prefix}${entry.name}`];
    if (entry.isDirectory()) yield* filesBelow(path, `${name}/`);
    else if (entry.isSymbolicLink()) yield { name, path, link: await readlink(path) };
    else if (entry.isFile()) yield { name, path };
  }
}
