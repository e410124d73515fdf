import { execFile } from "node:child_process";
import { createReadStream, existsSync } from "node:fs";
import { copyFile, mkdir, rename, rm } from "node:fs/promises";
import { dirname, join } from "node:path";
import { pipeline } from "node:stream/promises";
import { promisify } from "node:util";
import { createGunzip } from "node:zlib";
import { extract } from "tar-fs";
import { fileDigest } from "../../core/directory-digest.ts";
import { defineFailure } from "../../core/failure.ts";
import { messageOf } from "../../core/message-of.ts";
import type { Artefact } from "./release.ts";

const run = promisify(execFile);
const installWithinMs = 600_000;
const longestPrefix = "npm error ".length;

const artefactUnusable = defineFailure({
  code: "EB_ARTEFACT_UNUSABLE",
  status: 422,
  exitStatus: 4,
  detail: "{file} cannot be installed: {reason}",
  remedy: "Build it with npm pack, and keep package-lock.json beside it, or pass --lock FILE.",
});

/** Where an artefact is, and what fixes its packages. */
export interface PackedArtefact {
  /** The `.tgz` that `npm pack` has written. */
  file: string;
  /** The lock file; default: `package-lock.json` beside the file. */
  lock?: string | undefined;
}

/**
 * Installs a packed version: unpacks it, and installs exactly the packages of its lock file.
 * An artefact that was installed before is used again: the folder has the digests of both files as its name.
 *
 * @throws Failure EB_ARTEFACT_UNUSABLE; nothing is left then
 */
export const unpackArtefact = async (
  dataDir: string,
  { file, lock = join(dirname(file), "package-lock.json") }: PackedArtefact,
): Promise<Omit<Artefact, "version">> => {
  try {
    const [sha256, ofLock] = [await fileDigest(file), await fileDigest(lock)];
    const directory = join(dataDir, "artefacts", `${sha256.slice(0, 32)}-${ofLock.slice(0, 32)}`);
    if (!existsSync(directory)) await install({ file, lock }, directory);
    return { directory, sha256, file };
  } catch (cause) {
    throw artefactUnusable({ file, reason: reasonOf(cause) }, {}, { cause });
  }
};

const install = async ({ file, lock }: { file: string; lock: string }, directory: string): Promise<void> => {
  const unfinished = `${directory}.${process.pid}`;
  try {
    await mkdir(unfinished, { recursive: true, mode: 0o700 });
    const strip = { map: (header: { name: string }) => ({ ...header, name: withoutFirst(header.name) }) };
    await pipeline(createReadStream(file), createGunzip(), extract(unfinished, strip as never));
    await copyFile(lock, join(unfinished, "package-lock.json"));
    const npm = ["ci", "--omit=dev", "--no-audit", "--no-fund"];
    await run("npm", npm, { cwd: unfinished, timeout: installWithinMs, maxBuffer: 16 * 1024 * 1024 });
    await rename(unfinished, directory);
  } finally {
    await rm(unfinished, { recursive: true, force: true });
  }
};

/** npm explains an error in its first lines, and its options in many more. */
const reasonOf = (error: unknown): string => {
  const said = (error as { stderr?: unknown } | null)?.stderr;
  const lines =
    typeof said === "string" ? said.split("\n").filter((line) => line.length > longestPrefix) : [];
  return lines.length > 0 ? lines.slice(0, 3).join(" ") : messageOf(error);
};

/** npm packs everything into one folder. */
const withoutFirst = (path: string): string => path.slice(path.indexOf("/") + 1);
