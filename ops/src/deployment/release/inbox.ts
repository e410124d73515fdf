import { randomUUID } from "node:crypto";
import { mkdir, readdir, readFile } from "node:fs/promises";
import { join } from "node:path";
import { z } from "zod";
import { replaceFile, syncDirectory } from "../../core/atomic-file.ts";
import { commandNameSchema } from "./state.ts";

const commandSchema = z.object({
  id: z.string(),
  command: commandNameSchema,
  by: z.string(),
  reason: z.string(),
});
/** What a person told a release to do. */
export type ReleaseCommand = z.infer<typeof commandSchema>;

/**
 * Leaves a command for the conductor of a release. A file, not a connection: it works without a server, without a
 * database, and before a conductor runs.
 */
export const sendCommand = async (
  directory: string,
  command: Omit<ReleaseCommand, "id">,
  at: Date,
): Promise<ReleaseCommand> => {
  const inbox = join(directory, "inbox");
  await mkdir(inbox, { recursive: true, mode: 0o700 });
  const id = `${at.toISOString()}-${randomUUID()}`;
  const path = join(inbox, `${id}.json`);
  await replaceFile(path, `${path}.new`, JSON.stringify({ id, ...command }));
  await syncDirectory(inbox);
  return { id, ...command };
};

/** The commands that are not in `taken`, in the order in which they were sent. */
export const newCommands = async (
  directory: string,
  taken: ReadonlySet<string>,
): Promise<ReleaseCommand[]> => {
  const inbox = join(directory, "inbox");
  const files = await readdir(inbox).catch((error: NodeJS.ErrnoException): string[] => {
    if (error.code === "ENOENT") return [];
    throw error;
  });
  const ids = files.filter((file) => file.endsWith(".json")).map((file) => file.slice(0, -".json".length));
  const fresh = ids.filter((id) => !taken.has(id)).toSorted();
  return Promise.all(
    fresh.map(async (id) =>
      commandSchema.parse(JSON.parse(await readFile(join(inbox, `${id}.json`), "utf8"))),
    ),
  );
};
