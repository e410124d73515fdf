import { readFile } from "node:fs/promises";
import { join } from "node:path";
import { Client } from "undici";
import { defineFailure } from "../../core/failure.ts";
import { socketPaths } from "../front/index.ts";
import { readProcess } from "../slots/index.ts";
import type { Slot } from "../traffic/index.ts";
import { readOpenapi } from "./security/openapi.ts";

const timeoutMs = 5_000;

/** Where services usually have it: EarlyBird Delivery, by hand, and by `@fastify/swagger-ui`. */
const paths = ["/api/openapi.json", "/openapi.json", "/documentation/json", "/api/docs/json", "/docs/json"];
const files = ["openapi.json", join("docs", "openapi.json")];

const openapiMissing = defineFailure({
  code: "EB_OPENAPI_MISSING",
  status: 404,
  exitStatus: 2,
  detail: "There is not an OpenAPI document of the version in {directory}.",
  remedy: "Commit it as openapi.json, or serve it at /api/openapi.json without a login.",
});

const openapiInvalid = defineFailure({
  code: "EB_OPENAPI_INVALID",
  status: 422,
  exitStatus: 2,
  detail: "{file} is not an OpenAPI document.",
  remedy: "Generate it again from the routes of the service.",
});

/** Where the version runs: in a slot, or at an address, as in a rehearsal. */
export type RunningVersion = { dataDir: string; slot: Slot } | { url: string };

/**
 * The OpenAPI document of a version: what it serves if it runs, because a file may have changed since; else `openapi.json` or
 * `docs/openapi.json` of its directory.
 *
 * @param artefact the directory has `earlybird.config.js`
 * @throws Failure EB_OPENAPI_MISSING, EB_OPENAPI_INVALID
 */
export const openapiOf = async (
  { directory }: { directory: string },
  running?: RunningVersion,
): Promise<unknown> => {
  const found = (running && (await servedBy(running))) ?? (await committedIn(directory));
  if (found === undefined) throw openapiMissing({ directory });
  return found;
};

const servedBy = async (running: RunningVersion): Promise<unknown> => {
  const client = await connect(running);
  if (!client) return undefined;
  try {
    for (const path of paths) {
      const document = await ask(client, path);
      if (isOpenapi(document)) return document;
    }
  } finally {
    await client.destroy();
  }
};

const connect = async (running: RunningVersion): Promise<Client | undefined> => {
  if ("url" in running) return new Client(new URL(running.url).origin);
  const { dataDir, slot } = running;
  const process = await readProcess(dataDir, slot);
  if (!process?.ready?.isFronted) return undefined;
  return new Client("http://localhost", { socketPath: socketPaths(dataDir).slot(slot) });
};

/** Undefined if the path has no JSON. */
const ask = async (client: Client, path: string): Promise<unknown> => {
  try {
    const signal = AbortSignal.timeout(timeoutMs);
    const { statusCode, body } = await client.request({ method: "GET", path, signal });
    if (statusCode === 200) return await body.json();
    await body.dump();
  } catch {
    return undefined;
  }
};

const committedIn = async (directory: string): Promise<unknown> => {
  for (const name of files) {
    const file = join(directory, name);
    const text = await readFile(file, "utf8").catch((error: NodeJS.ErrnoException) => {
      if (error.code !== "ENOENT" && error.code !== "ENOTDIR") throw error;
    });
    if (text === undefined) continue;
    const document = parse(text);
    if (!isOpenapi(document)) throw openapiInvalid({ file });
    return document;
  }
};

const parse = (text: string): unknown => {
  try {
    return JSON.parse(text);
  } catch {
    return undefined;
  }
};

const isOpenapi = (document: unknown): boolean => {
  try {
    readOpenapi(document);
    return true;
  } catch {
    return false;
  }
};
