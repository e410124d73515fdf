import { mkdir, readdir, readFile, rm, statfs, writeFile } from "node:fs/promises";
import { join } from "node:path";
import { isRunning, readOwner, thisProcess } from "../../core/process-lease.ts";
import { type Manifest, manifestFile, readManifest } from "../manifest.ts";

const ownerFile = "owner.json";
const idPattern = /^\d{8}-\d{6}-[0-9a-f]{4}$/;

/** A name that sorts by time: `20261127-114409-3fa1`. */
export const newBackupId = (now: Date, random: string): string =>
  `${now.toISOString().replace(/[-:]/g, "").replace("T", "-").slice(0, 15)}-${random}`;

export const isBackupId = (text: string): boolean => idPattern.test(text);

/** Makes the folder of a backup, with a note of the process that writes it. */
export const beginFolder = async (root: string, id: string): Promise<string> => {
  const directory = join(root, id);
  await mkdir(root, { recursive: true, mode: 0o700 });
  await mkdir(directory, { mode: 0o700 });
  await writeFile(join(directory, ownerFile), JSON.stringify(thisProcess()));
  return directory;
};

export const removeFolder = (root: string, id: string): Promise<void> =>
  rm(join(root, id), { recursive: true, force: true, maxRetries: 3 });

const folders = async (root: string): Promise<string[]> =>
  (await readdir(root).catch(() => [])).filter(isBackupId).sort().reverse();

/** The complete backups, the newest first. */
export const listManifests = async (root: string): Promise<Manifest[]> => {
  const manifests: Manifest[] = [];
  for (const id of await folders(root)) {
    const manifest = await readManifest(join(root, id));
    if (manifest?.id === id) manifests.push(manifest);
  }
  return manifests;
};

/** The backups without a manifest: they are being made, or their process was killed. */
export const listIncomplete = async (root: string): Promise<{ id: string; is_running: boolean }[]> => {
  const incomplete: { id: string; is_running: boolean }[] = [];
  for (const id of await folders(root)) {
    const names: string[] = await readdir(join(root, id)).catch(() => []);
    if (names.includes(manifestFile)) continue;
    const owner = readOwner(await readFile(join(root, id, ownerFile), "utf8").catch(() => ""));
    // That of another host counts as running: its process cannot be looked up.
    incomplete.push({ id, is_running: owner !== undefined && isRunning(owner, thisProcess(), 0) });
  }
  return incomplete;
};

/** Removes what killed processes left. */
export const removeIncomplete = async (root: string): Promise<string[]> => {
  const left = (await listIncomplete(root)).filter(({ is_running }) => !is_running);
  for (const { id } of left) await removeFolder(root, id);
  return left.map(({ id }) => id);
};

/** Bytes that this process may still write to the disk of an existing directory. */
export const freeBytes = async (directory: string): Promise<number> => {
  const { bavail, bsize } = await statfs(directory);
  return bavail * bsize;
};
