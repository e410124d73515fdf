import { chmod, lstat, mkdir } from "node:fs/promises";

const candidates = ["/var/lib/earlybird", "/var/tmp/earlybird"];

/**
 * A directory of the system, owned by root and open to read, for what the postgres account must reach.
 *
 * Only root comes here. A directory that somebody else made, or may write to, is not taken: programs are
 * started from it.
 */
export const systemDirectory = async (): Promise<string> => {
  let reason: unknown;
  for (const directory of candidates) {
    try {
      await mkdir(directory, { recursive: true });
      const found = await lstat(directory);
      if (!found.isDirectory() || found.uid !== 0) throw new Error(`${directory} does not belong to root`);
      await chmod(directory, 0o755);
      return directory;
    } catch (error) {
      reason = error;
    }
  }
  throw reason;
};
