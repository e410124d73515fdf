import { open, rename, unlink } from "node:fs/promises";

/**
 * Writes a file whole or not at all: after a crash it holds what it held before, or all of `text`. The name
 * survives a loss of power only once the directory is synced.
 */
export const replaceFile = async (path: string, temporary: string, text: string): Promise<void> => {
  try {
    const file = await open(temporary, "w", 0o600);
    try {
      await file.writeFile(text);
      await file.sync();
    } finally {
      await file.close();
    }
    await rename(temporary, path);
  } catch (error) {
    // On a full disk, the half of it would be in the way of the next.
    await unlink(temporary).catch(() => undefined);
    throw error;
  }
};

/** Removes a file, which may be gone already. */
export const removeFile = async (path: string): Promise<void> => {
  await unlink(path).catch((error: NodeJS.ErrnoException) => {
    if (error.code !== "ENOENT") throw error;
  });
};

/** Makes names that were added to a directory, or taken out of it, survive a loss of power. */
export const syncDirectory = async (path: string): Promise<void> => {
  const directory = await open(path, "r");
  try {
    await directory.sync();
  } finally {
    await directory.close();
  }
};
