import { randomBytes } from "node:crypto";
import { mkdir, readFile, writeFile } from "node:fs/promises";
import { join } from "node:path";

/**
 * The secret that signs logins where none is configured: made once and kept in the data directory, so that
 * logins outlive a restart.
 */
export const generatedSecret = async (dataDir: string): Promise<string> => {
  const path = join(dataDir, "jwt-secret");
  await mkdir(dataDir, { recursive: true });
  try {
    // Only one of two processes that start together may make it.
    await writeFile(path, randomBytes(32).toString("hex"), { flag: "wx", mode: 0o600 });
  } catch (error) {
    if (!(error instanceof Error && "code" in error && error.code === "EEXIST")) throw error;
  }
  return readFile(path, "utf8");
};
