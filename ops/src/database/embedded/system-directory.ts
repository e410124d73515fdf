import { chmod, lstat, mkdir } from "node:fs/promises";

const candidates = ["/var/lib/earlybird", "/var/tmp/earlybird"];

/**
 * A system directory, owned by root and readable by all, for the files that the account postgres must reach.
 *
 * Used under root only. Because programs are started from it, a directory that another user owns or can write to is
 * not used.
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
