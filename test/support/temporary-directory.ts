import { chmod, mkdtemp, statfs } from "node:fs/promises";
import { freemem, tmpdir } from "node:os";
import { join } from "node:path";
import { canTraverse, postgresAccount } from "../../ops/src/database/embedded/root-account.ts";

/** Makes a temporary directory that PostgreSQL can reach, also under root with a private `TMPDIR`. */
export const makeTemporaryDirectory = async (): Promise<string> =>
  makeBelow(canTraverse(await postgresAccount(), tmpdir()) ? tmpdir() : "/var/tmp");

/** Like {@link makeTemporaryDirectory}, in memory if there is plenty: databases are created ten times as fast there. */
export const makeFastDirectory = async (): Promise<string> =>
  (await hasRoomInMemory()) ? makeBelow(memory) : makeTemporaryDirectory();

const memory = "/dev/shm";
const enoughBytes = 4 * 1024 ** 3;

const hasRoomInMemory = async (): Promise<boolean> => {
  const size = await statfs(memory).catch(() => undefined);
  if (!size || size.bavail * size.bsize < enoughBytes || freemem() < 2 * enoughBytes) return false;
  return canTraverse(await postgresAccount(), memory);
};

const makeBelow = async (parent: string): Promise<string> => {
  const directory = await mkdtemp(join(parent, "earlybird-test-"));
  await chmod(directory, 0o755);
  return directory;
};
