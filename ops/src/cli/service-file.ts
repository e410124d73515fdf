import { existsSync } from "node:fs";
import { dirname, join, resolve } from "node:path";
import { pathToFileURL } from "node:url";
import { defineFailure } from "../core/failure.ts";
import { messageOf } from "../core/message-of.ts";
import type { Service } from "../service.ts";

const fileName = "earlybird.config.js";

const configMissing = defineFailure({
  code: "EB_CONFIG_MISSING",
  status: 500,
  exitStatus: 2,
  detail: `There is no ${fileName} in {from} or above it.`,
  remedy: `Run the command in the repository of the service; ${fileName} exports the service from defineService.`,
});

const configBroken = defineFailure({
  code: "EB_CONFIG_BROKEN",
  status: 500,
  exitStatus: 2,
  detail: "{path} cannot be loaded: {reason}",
  remedy: "Build the service first (npm run build), then try again.",
});

/**
 * The folder of `earlybird.config.js`, looked for upwards from `directory`: settings and data directory are relative
 * to it.
 *
 * @throws Failure EB_CONFIG_MISSING
 */
export const findRoot = (directory: string): string => {
  for (let root = resolve(directory); ; root = dirname(root)) {
    if (existsSync(join(root, fileName))) return root;
    if (dirname(root) === root) throw configMissing({ from: resolve(directory) });
  }
};

/**
 * Loads the service from the `earlybird.config.js` in a folder.
 *
 * @throws Failure EB_CONFIG_BROKEN
 */
export const loadService = async (root: string): Promise<Service> => {
  const path = join(root, fileName);
  try {
    return ((await import(pathToFileURL(path).href)) as { default: Service }).default;
  } catch (error) {
    throw configBroken({ path, reason: messageOf(error) }, {}, { cause: error });
  }
};
