import { readFile } from "node:fs/promises";

const timeoutMs = 5_000;

/** Reads an OpenAPI document from a file or an http(s) address. */
export const readDocument = async (place: string): Promise<unknown> => {
  if (!/^https?:/.test(place)) return JSON.parse(await readFile(place, "utf8"));
  const response = await fetch(place, { signal: AbortSignal.timeout(timeoutMs) });
  return response.json();
};
