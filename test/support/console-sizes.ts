import { readdirSync, readFileSync, statSync } from "node:fs";
import { fileURLToPath } from "node:url";
import { gzipSync } from "node:zlib";

/** Sizes of the built console in bytes; scripts and styles as gzip sends them. */
export interface ConsoleSizes {
  /** Scripts that every page loads: the entry and what it imports statically. */
  firstLoad: number;
  styles: number;
  fonts: number;
  /** The largest script that a page or dialog loads besides, with what it imports statically. */
  largestChunk: { name: string; bytes: number };
}

const pages = fileURLToPath(new URL("../../ops/dist/console/pages/", import.meta.url));

/** Measures the files that `npm run build -w console` wrote. */
export const consoleSizes = (): ConsoleSizes => {
  const names = readdirSync(`${pages}assets`);
  const read = (name: string) => readFileSync(`${pages}assets/${name}`);
  const gzipped = (files: Iterable<string>) =>
    [...files].reduce((sum, name) => sum + gzipSync(read(name), { level: 9 }).length, 0);
  const withImports = (name: string, known: ReadonlySet<string>): Set<string> => {
    const found = new Set([name]);
    for (const file of found) {
      for (const [, imported = ""] of read(file)
        .toString()
        .matchAll(/(?:from|import)\s*"\.\/([\w.-]+\.js)"/g))
        if (!known.has(imported)) found.add(imported);
    }
    return found;
  };
  const index = readFileSync(`${pages}index.html`, "utf8");
  const inPage = [...index.matchAll(/(?:src|href)="\.\/assets\/([^"]+)"/g)].map(([, name = ""]) => name);
  const entry = inPage.find((name) => name.startsWith("index-") && name.endsWith(".js"));
  if (entry === undefined) throw new Error("The console is not built: npm run build -w console.");
  const firstLoad = new Set([
    ...inPage.filter((name) => name.endsWith(".js")),
    ...withImports(entry, new Set()),
  ]);
  const chunks = names
    .filter((name) => name.endsWith(".js") && !firstLoad.has(name))
    .map((name) => ({ name, bytes: gzipped(withImports(name, firstLoad)) }))
    .sort((a, b) => b.bytes - a.bytes);
  return {
    firstLoad: gzipped(firstLoad),
    styles: gzipped(inPage.filter((name) => name.endsWith(".css"))),
    fonts: names
      .filter((name) => name.endsWith(".woff2"))
      .reduce((sum, name) => sum + statSync(`${pages}assets/${name}`).size, 0),
    largestChunk: chunks[0] ?? { name: "", bytes: 0 },
  };
};
