import { createHash, randomBytes } from "node:crypto";
import { lstat, readlink, symlink } from "node:fs/promises";
import { join } from "node:path";
import { dataDirectoryClosed } from "./failures.ts";
import { type Account, canTraverse } from "./root-account.ts";
import { systemDirectory } from "./system-directory.ts";

/**
 * Where the cluster of a data directory lives: `<dataDir>/postgres`.
 *
 * Under root that is a symbolic link to a directory of the system when the postgres account cannot go
 * through the data directory (a clone below `/root`, a private directory).
 *
 * @param dataDir absolute, and exists
 * @throws Failure EB_DATABASE_DIRECTORY when a cluster is there and its directory was closed since
 */
export const clusterLocation = async (dataDir: string, account: Account): Promise<string> => {
  const usual = join(dataDir, "postgres");
  const remembered = await readlink(usual).catch(() => undefined);
  if (remembered !== undefined) return remembered;
  if (canTraverse(account, dataDir)) return usual;
  if (await lstat(usual).catch(() => undefined)) throw dataDirectoryClosed(dataDir);
  const key = createHash("sha256").update(dataDir).digest("hex").slice(0, 16);
  // The random part: a data directory that was deleted and made again starts empty.
  const place = join(await systemDirectory(), `cluster-${key}-${randomBytes(3).toString("hex")}`);
  // Link first, cluster second: whatever happens in between, the next start finds the place.
  await symlink(place, usual);
  return place;
};
