import { writeFile } from "node:fs/promises";
import { join } from "node:path";
import { fileURLToPath } from "node:url";
import { vi } from "vitest";
import { main } from "../../ops/src/cli/main.ts";
import { makeTemporaryDirectory } from "./temporary-directory.ts";

const changes = fileURLToPath(new URL("./shelf-changes.ts", import.meta.url));

/** What a command left behind. */
export interface Outcome {
  exitStatus: number;
  stdout: string;
  stderr: string;
}

/**
 * Makes a folder in which `earlybird` looks after the shelf.
 *
 * @param declared an expression over what shelf-changes.ts exports
 * @returns runs a command there, on the database with this address, within this process: starting another
 *   for each takes seconds
 */
export const createShelfCli = async (declared = "shelfChanges") => {
  const folder = await makeTemporaryDirectory();
  await writeFile(
    join(folder, "earlybird.config.js"),
    `import { lossyChange, shelfChanges } from ${JSON.stringify(changes)};
     export default { name: "shelf", version: "0.0.0", changes: ${declared} };`,
  );
  return async (databaseUrl: string, ...args: string[]): Promise<Outcome> => {
    const said = { stdout: "", stderr: "" };
    const listening = (["stdout", "stderr"] as const).map((name) =>
      vi.spyOn(process[name], "write").mockImplementation((text) => {
        said[name] += text;
        return true;
      }),
    );
    const from = process.cwd();
    vi.stubEnv("DATABASE_URL", databaseUrl);
    vi.stubEnv("NO_COLOR", "1");
    try {
      process.chdir(folder);
      await main([process.execPath, "earlybird", ...args]);
      return { exitStatus: Number(process.exitCode ?? 0), ...said };
    } finally {
      process.exitCode = undefined;
      process.chdir(from);
      vi.unstubAllEnvs();
      for (const spy of listening) spy.mockRestore();
    }
  };
};
