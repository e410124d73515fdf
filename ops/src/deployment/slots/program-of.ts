import { existsSync } from "node:fs";
import { createRequire } from "node:module";
import { join } from "node:path";
import { fileURLToPath } from "node:url";

const packageName = "@earlybird-ops/platform";
const program = join("bin", "earlybird.js");

/**
 * The `earlybird` of a version of a service: the one that is installed for it, so that each version runs on the platform
 * that it was tested with. Where none is installed, the one of this process.
 *
 * @param directory the root of the version, with `earlybird.config.js`
 */
export const programOf = (directory: string): string => {
  // Not `resolve`: the exports of the package do not name its programs.
  const places = createRequire(join(directory, "package.json")).resolve.paths(packageName) ?? [];
  const installed = places.map((place) => join(place, packageName, program)).find((path) => existsSync(path));
  return installed ?? fileURLToPath(new URL(`../../../${program}`, import.meta.url));
};
