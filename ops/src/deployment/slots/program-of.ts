import { existsSync } from "node:fs";
import { createRequire } from "node:module";
import { dirname, join } from "node:path";
import { fileURLToPath } from "node:url";

const packageName = "@earlybird-ops/platform";

/** The bin of this very platform. */
const ownProgram = fileURLToPath(new URL("../../../bin/earlybird.js", import.meta.url));

/** The program `earlybird` that a version of a service has installed; that of this process if it has none. */
export const programOf = (directory: string): string => {
  const { paths } = createRequire(join(directory, "earlybird.config.js")).resolve;
  const places = (paths(packageName) ?? []).map((folder) => join(folder, packageName, "bin", "earlybird.js"));
  // A version that lies in the data directory of another finds that one's modules last.
  return places.find((place) => existsSync(place) && existsSync(builtBeside(place))) ?? ownProgram;
};

const builtBeside = (program: string): string => join(dirname(program), "..", "dist", "cli", "main.js");
