import { randomBytes } from "node:crypto";
import { rmSync } from "node:fs";
import { mkdtemp, readdir, rm, utimes } from "node:fs/promises";
import { createServer, type Server } from "node:net";
import { tmpdir } from "node:os";
import { join } from "node:path";

/** The system keeps 104 to 108 bytes for the path of a socket. */
const longestAddress = 100;
const touchEveryMs = 3_600_000;
const suffix = ".sock";

/**
 * Listens for other processes of this machine and user, on a new socket in `directory`, or below the
 * temporary directory where the path is too long or the file system knows no sockets.
 */
export const listenNear = async (directory: string): Promise<{ listener: Server; address: string }> => {
  const name = `${randomBytes(4).toString("hex")}${suffix}`;
  if (process.platform === "win32") return listen(`\\\\.\\pipe\\earlybird-${name}`);
  const near = join(directory, name);
  if (Buffer.byteLength(near) <= longestAddress) {
    const found = await listen(near).catch((error: NodeJS.ErrnoException) => {
      // A directory that is gone was deleted: there is nothing left to keep.
      if (error.code === "ENOENT") throw error;
    });
    if (found) return found;
  }
  const temporary = await temporaryDirectory();
  const found = await listen(join(temporary, name));
  found.listener.once("close", () => rmSync(temporary, { recursive: true, force: true }));
  // Cleaners of temporary directories remove what nobody touches for days.
  const touch = () => utimes(found.address, new Date(), new Date()).catch(() => undefined);
  setInterval(touch, touchEveryMs).unref();
  return found;
};

/** Removes what keepers that were killed left in `directory`. */
export const removeOldSockets = async (directory: string, current: string): Promise<void> => {
  for (const name of await readdir(directory)) {
    const path = join(directory, name);
    if (name.endsWith(suffix) && path !== current) await rm(path, { force: true });
  }
};

const temporaryDirectory = async (): Promise<string> => {
  const usual = await mkdtemp(join(tmpdir(), "earlybird-"));
  if (Buffer.byteLength(usual) <= longestAddress - 20) return usual;
  await rm(usual, { recursive: true });
  return mkdtemp("/tmp/earlybird-");
};

const listen = (address: string): Promise<{ listener: Server; address: string }> =>
  new Promise((resolve, reject) => {
    const listener = createServer({ allowHalfOpen: true });
    listener.once("error", reject);
    listener.listen(address, () => resolve({ listener, address }));
  });
