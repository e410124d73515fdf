import { chown, mkdir, mkdtemp, rm } from "node:fs/promises";
import { join } from "node:path";
import { type Account, canTraverse } from "../../database/embedded/root-account.ts";
import { systemDirectory } from "../../database/embedded/system-directory.ts";

const prefix = ".verify-";

/** Runs `work` with a temporary directory that the account of PostgreSQL can reach, beside the backups if possible. */
export const inWorkDirectory = async <T>(
  root: string,
  account: Account,
  work: (directory: string) => Promise<T>,
): Promise<T> => {
  await mkdir(root, { recursive: true, mode: 0o700 });
  const parent = canTraverse(account, root) ? root : await systemDirectory();
  const directory = await mkdtemp(join(parent, prefix));
  try {
    if (account.uid !== undefined && account.gid !== undefined)
      await chown(directory, account.uid, account.gid);
    return await work(directory);
  } finally {
    await rm(directory, { recursive: true, force: true, maxRetries: 3 });
  }
};
