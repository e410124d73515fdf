import { existsSync } from "node:fs";
import { dirname, join, resolve } from "node:path";
import { pathToFileURL } from "node:url";
import { Failure } from "../lib/failure.ts";
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

/** A service and the folder that its configuration and its data directory are relative to. */
export interface LoadedService {
  service: Service;
  root: string;
}

/**
 * Loads the service from `earlybird.config.js`, looked for upwards from `directory`.
 *
 * @throws Failure EB_CONFIG_MISSING, EB_CONFIG_BROKEN
 */
export const loadService = async (directory: string): Promise<LoadedService> => {
  for (let root = resolve(directory); ; root = dirname(root)) {
    const path = join(root, fileName);
    if (existsSync(path)) {
      try {
        const { default: service } = (await import(pathToFileURL(path).href)) as { default: Service };
        return { service, root };
      } catch (error) {
        throw configBroken(path, error);
      }
    }
    if (dirname(root) === root) throw configMissing(resolve(directory));
  }
};
