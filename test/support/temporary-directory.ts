import { chmod, mkdtemp } from "node:fs/promises";
import { tmpdir } from "node:os";
import { join } from "node:path";
import { canTraverse, postgresAccount } from "../../ops/src/database/embedded/root-account.ts";

/** Makes a temporary directory that PostgreSQL can reach, also under root with a private `TMPDIR`. */
export const makeTemporaryDirectory = async (): Promise<string> => {
  const parent = canTraverse(await postgresAccount(), tmpdir()) ? tmpdir() : "/var/tmp";
  const directory = await mkdtemp(join(parent, "earlybird-test-"));
  await chmod(directory, 0o755);
  return directory;
};
