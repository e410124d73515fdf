import { chown, mkdir, mkdtemp, readdir, readFile, rm, writeFile } from "node:fs/promises";
import { join } from "node:path";
import { isRunning, readOwner, thisProcess } from "../../core/process-lease.ts";
import { type Account, canTraverse } from "../../database/embedded/root-account.ts";
import { systemDirectory } from "../../database/embedded/system-directory.ts";

const prefix = ".verify-";
const ownerFile = "owner.json";

/** Runs `work` with a temporary directory that the account of PostgreSQL can reach, beside the backups if possible. */
export const inWorkDirectory = async <T>(
  root: string,
  account: Account,
  work: (directory: string) => Promise<T>,
): Promise<T> => {
  await mkdir(root, { recursive: true, mode: 0o700 });
  const parent = canTraverse(account, root) ? root : await systemDirectory();
  await removeAbandoned(parent);
  const directory = await mkdtemp(join(parent, prefix));
  try {
    await writeFile(join(directory, ownerFile), JSON.stringify(thisProcess()));
    if (account.uid !== undefined && account.gid !== undefined)
      await chown(directory, account.uid, account.gid);
    return await work(directory);
  } finally {
    await rm(directory, { recursive: true, force: true, maxRetries: 3 });
  }
};

/** Removes what killed processes left. A server that still runs there ends by itself once its lock file is gone. */
const removeAbandoned = async (parent: string): Promise<void> => {
  for (const name of await readdir(parent)) {
    if (!name.startsWith(prefix)) continue;
    const owner = readOwner(await readFile(join(parent, name, ownerFile), "utf8").catch(() => ""));
    // Without an owner, it was made a moment ago.
    if (owner && !isRunning(owner, thisProcess(), 0))
      await rm(join(parent, name), { recursive: true, force: true, maxRetries: 3 });
  }
};
