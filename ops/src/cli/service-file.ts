import { existsSync } from "node:fs";
import { dirname, join, resolve } from "node:path";
import { pathToFileURL } from "node:url";
import { Failure } from "../core/failure.ts";
import type { Service } from "../service.ts";

const fileName = "earlybird.config.js";

const configMissing = (from: string) =>
  new Failure(
    "EB_CONFIG_MISSING",
    500,
    `There is no ${fileName} in ${from} or above it.`,
    `Run this inside the service's repository; ${fileName} exports the service made by defineService.`,
  ).exitingWith(2);

const configBroken = (path: string, cause: unknown) =>
  new Failure(
    "EB_CONFIG_BROKEN",
    500,
    `${path} cannot be loaded: ${cause instanceof Error ? cause.message : cause}`,
    "Build the service first (npm run build), then try again.",
    {},
    { cause },
  ).exitingWith(2);

/**
 * The folder of `earlybird.config.js`, looked for upwards from `directory`: settings and data directory are relative
 * to it.
 *
 * @throws Failure EB_CONFIG_MISSING
 */
export const findRoot = (directory: string): string => {
  for (let root = resolve(directory); ; root = dirname(root)) {
    if (existsSync(join(root, fileName))) return root;
    if (dirname(root) === root) throw configMissing(resolve(directory));
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
    throw configBroken(path, error);
  }
};
