import { readFile } from "node:fs/promises";
import { promisify } from "node:util";
import { gunzip } from "node:zlib";

const blockBytes = 512;
const longestBytes = 1_073_741_824;

interface Entry {
  name: string;
  content: Buffer;
}

/**
 * The files of a `.tgz`. Paths in extended headers are read, too.
 *
 * Format: POSIX.1-2017, pax, ustar interchange format.
 */
export const readArchive = async (file: string): Promise<Entry[]> => {
  const tar = await promisify(gunzip)(await readFile(file), { maxOutputLength: longestBytes });
  const entries: Entry[] = [];
  let longName: string | undefined;
  for (let at = 0; at + blockBytes <= tar.length && tar[at] !== 0; ) {
    const field = (from: number, to: number) =>
      tar.toString("utf8", at + from, at + to).replace(/\0[\s\S]*$/, "");
    const size = Number.parseInt(field(124, 136), 8) || 0;
    const type = field(156, 157);
    const content = tar.subarray(at + blockBytes, at + blockBytes + size);
    const prefix = field(345, 500);
    if (type === "x") longName = /\d+ path=(.*)\n/.exec(content.toString("utf8"))?.[1];
    else {
      entries.push({ name: longName ?? (prefix ? `${prefix}/${field(0, 100)}` : field(0, 100)), content });
      longName = undefined;
    }
    at += blockBytes + Math.ceil(size / blockBytes) * blockBytes;
  }
  return entries;
};
