import { createHash, randomBytes } from "node:crypto";
import { lstat, readlink, symlink } from "node:fs/promises";
import { join } from "node:path";
import { dataDirectoryClosed } from "./failures.ts";
import { type Account, canTraverse } from "./root-account.ts";
import { systemDirectory } from "./system-directory.ts";

/**
 * The directory of the cluster of a data directory: `<dataDir>/postgres`.
 *
 * Under root, this is a symbolic link to a system directory if the account postgres cannot enter the data directory (a
 * clone below `/root`, a private directory).
 *
 * @param dataDir an existing directory, absolute
 * @throws Failure EB_DATABASE_DIRECTORY if it contains a cluster that the account can no longer reach
 */
export const clusterLocation = async (dataDir: string, account: Account): Promise<string> => {
  const usual = join(dataDir, "postgres");
  const target = () => readlink(usual).catch(() => undefined);
  const linked = await target();
  if (linked !== undefined) return linked;
  if (canTraverse(account, dataDir)) return usual;
  if (await lstat(usual).catch(() => undefined)) throw dataDirectoryClosed({ dataDir });
  const key = createHash("sha256").update(dataDir).digest("hex").slice(0, 16);
  // The random part: a data directory that was deleted and created again starts empty.
  const location = join(await systemDirectory(), `cluster-${key}-${randomBytes(3).toString("hex")}`);
  // Link first, cluster second: after an interruption, the next start uses the same directory.
  try {
    await symlink(location, usual);
    return location;
  } catch (error) {
    // Another process that starts at the same moment linked it first.
    const other = await target();
    if (other === undefined) throw error;
    return other;
  }
};

/** Where the archive of the log of a cluster is: beside it, so that the account of PostgreSQL can reach it. */
export const archiveOf = (cluster: string): string => `${cluster}-archive`;
