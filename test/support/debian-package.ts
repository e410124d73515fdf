import { execFile } from "node:child_process";
import { access, mkdir, mkdtemp, readdir, rename, rm } from "node:fs/promises";
import { delimiter, join } from "node:path";
import { fileURLToPath } from "node:url";
import { promisify } from "node:util";

const run = promisify(execFile);
const cache = fileURLToPath(new URL("../../node_modules/.cache", import.meta.url));

/**
 * Finds programs of a Debian package: on the PATH or in `folders`, else in the package, fetched and unpacked once. It is
 * not installed: that would start a server on this machine, which nobody asked for.
 *
 * @param folders where else to look, below the root of the system or of the unpacked package
 * @returns the folder that holds all the programs; undefined where there is none, nor a Debian to fetch it from
 */
export const debianPrograms = async (
  name: string,
  programs: readonly string[],
  folders: readonly string[] = ["usr/bin"],
): Promise<string | undefined> => {
  const holdsAll = async (folder: string) =>
    (await Promise.all(programs.map((program) => exists(join(folder, program))))).every(Boolean);
  const home = join(cache, name);
  const below = (root: string) => folders.map((folder) => join(root, folder));
  for (const folder of [...(process.env.PATH ?? "").split(delimiter), ...below("/"), ...below(home)]) {
    if (await holdsAll(folder)) return folder;
  }
  if (!(await unpack(name, home))) return undefined;
  for (const folder of below(home)) if (await holdsAll(folder)) return folder;
  return undefined;
};

const exists = (path: string): Promise<boolean> =>
  access(path).then(
    () => true,
    () => false,
  );

const unpack = async (name: string, home: string): Promise<boolean> => {
  await mkdir(cache, { recursive: true });
  const draft = await mkdtemp(join(cache, `${name}-`));
  try {
    await download(name, draft);
    const [file = ""] = (await readdir(draft)).filter((found) => found.endsWith(".deb"));
    await run("dpkg-deb", ["-x", file, "."], { cwd: draft });
    await rm(join(draft, file));
    // Another test file may have been quicker; then what it unpacked serves.
    await rename(draft, home).catch(() => rm(draft, { recursive: true, force: true }));
    return true;
  } catch {
    await rm(draft, { recursive: true, force: true });
    return false;
  }
};

const download = async (name: string, folder: string): Promise<void> => {
  const fetch = () => run("apt-get", ["download", name], { cwd: folder, timeout: 60_000 });
  await fetch().catch(async () => {
    await run("apt-get", ["update"], { timeout: 60_000 });
    await fetch();
  });
};
