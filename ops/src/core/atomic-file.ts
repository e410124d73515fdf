import { open, rename, unlink } from "node:fs/promises";

/**
 * Replaces a file atomically: after a crash it holds either its previous content or all of `text`. The new name
 * survives a power loss only after {@link syncDirectory}.
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
    // On a full disk, the partial file would take the space of the next attempt.
    await unlink(temporary).catch(() => undefined);
    throw error;
  }
};

/** Removes a file if it exists. */
export const removeFile = async (path: string): Promise<void> => {
  await unlink(path).catch((error: NodeJS.ErrnoException) => {
    if (error.code !== "ENOENT") throw error;
  });
};

/** Makes files that were added to or removed from a directory survive a power loss. */
export const syncDirectory = async (path: string): Promise<void> => {
  const directory = await open(path, "r");
  try {
    await directory.sync();
  } finally {
    await directory.close();
  }
};
