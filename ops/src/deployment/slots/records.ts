import { readFile } from "node:fs/promises";
import { join } from "node:path";
import { z } from "zod";
import { removeFile, replaceFile } from "../../core/atomic-file.ts";
import { isRunning, type Owner, ownerSchema, thisProcess } from "../../core/process-lease.ts";
import type { Slot } from "../traffic/traffic-switch.ts";

const launchSchema = z.object({
  command: z.string(),
  args: z.array(z.string()),
  cwd: z.string(),
  /** Variables beside those of the front. */
  env: z.record(z.string(), z.string()).optional(),
});
/** The program of a slot. */
export type Launch = z.infer<typeof launchSchema>;

const processSchema = z.object({
  owner: ownerSchema,
  /** Undefined until the service serves. */
  ready: z
    .object({
      /** What the service prints when it serves. */
      greeting: z.string(),
      /** The public URL that it was started with. */
      url: z.string(),
      /** False if the service listens on its own port: no front can divide its traffic. */
      isFronted: z.boolean(),
      /** Dates of the API versions that it has. */
      apiVersions: z.array(z.string()).optional(),
    })
    .optional(),
});
/** What the process of a slot tells others. */
export type SlotProcess = z.infer<typeof processSchema>;

const pathOf = (dataDir: string, name: string) => join(dataDir, "slots", name);
const launchPath = (dataDir: string, slot: Slot) => pathOf(dataDir, `${slot}.launch.json`);
const processPath = (dataDir: string, slot: Slot) => pathOf(dataDir, `${slot}.process.json`);

/** The file that a slot writes its output to. */
export const logPath = (dataDir: string, slot: Slot): string => pathOf(dataDir, `${slot}.log`);

/** The program that a slot should run; undefined if it should not run. */
export const readLaunch = async (dataDir: string, slot: Slot): Promise<Launch | undefined> =>
  parse(launchSchema, await readText(launchPath(dataDir, slot)));

/** Makes the front run a program in a slot, and run it again if it ends; undefined ends that. */
export const writeLaunch = async (dataDir: string, slot: Slot, launch: Launch | undefined): Promise<void> =>
  launch === undefined ? removeFile(launchPath(dataDir, slot)) : write(launchPath(dataDir, slot), launch);

/** The running process of a slot; undefined if none runs. */
export const readProcess = async (dataDir: string, slot: Slot): Promise<SlotProcess | undefined> => {
  const found = parse(processSchema, await readText(processPath(dataDir, slot)));
  return found && isAlive(found.owner) ? found : undefined;
};

export const writeProcess = async (dataDir: string, slot: Slot, process: SlotProcess): Promise<void> =>
  write(processPath(dataDir, slot), process);

/** A pid that another process reuses has another start time. */
export const isAlive = (owner: Owner): boolean => {
  const here = thisProcess();
  return owner.space === here.space && isRunning(owner, here, 0);
};

const write = (path: string, value: object): Promise<void> =>
  replaceFile(path, `${path}.${process.pid}`, `${JSON.stringify(value)}\n`);

const readText = (path: string): Promise<string | undefined> =>
  readFile(path, "utf8").catch((error: NodeJS.ErrnoException) => {
    if (error.code !== "ENOENT") throw error;
    return undefined;
  });

const parse = <T>(schema: z.ZodType<T>, text: string | undefined): T | undefined =>
  text === undefined ? undefined : schema.parse(JSON.parse(text));
