import { readFileSync } from "node:fs";
import { parseEnv } from "node:util";

export interface GivenSettings {
  /** The text of each setting that is set. */
  present: Record<string, string>;
  faults: string[];
}

/** Collects the settings from the environment, from `.env` (the environment wins) and from the `*_FILE` twins of secrets. */
export const readEnvironment = (
  environment: NodeJS.ProcessEnv,
  envFile: string,
  secrets: readonly string[],
): GivenSettings => {
  const faults: string[] = [];
  const given: Record<string, string | undefined> = { ...readEnvFile(envFile), ...environment };
  for (const name of secrets) {
    const file = given[`${name}_FILE`];
    if (!file) continue;
    if (given[name]) faults.push(`${name} and ${name}_FILE are both set: keep one`);
    else if (readable(file)) given[name] = readFileSync(file, "utf8").trim();
    else faults.push(`${name}_FILE names ${file}, which cannot be read: create it or correct the path`);
  }
  // An empty value means "not set": that is how .env templates and compose files write it.
  const present: Record<string, string> = {};
  for (const [name, value] of Object.entries(given)) if (value) present[name] = value;
  return { present, faults };
};

const readEnvFile = (path: string): NodeJS.Dict<string> =>
  readable(path) ? parseEnv(readFileSync(path, "utf8")) : {};

const readable = (path: string): boolean => {
  try {
    readFileSync(path);
    return true;
  } catch {
    return false;
  }
};
