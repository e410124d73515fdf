import { copyFile, mkdir, readFile, writeFile } from "node:fs/promises";
import { createRequire } from "node:module";
import { dirname, join } from "node:path";
import { fileURLToPath } from "node:url";
import subsetFont from "subset-font";

const require = createRequire(import.meta.url);

/** Basic Latin, and the signs of the texts: quotation marks, dashes, ellipsis, arrows, rupee and the like. */
const characters = [
  ...Array.from({ length: 95 }, (_, n) => String.fromCodePoint(32 + n)),
  ..."\u00a0°·×àáâäåæçèéêëíîïñòóôöøùúûüÿ–—‘’“”…₹€→←≥≤−",
].join("");

/** The fonts by the name that the styles import: a file of an npm package, and the weights that are used. */
const fonts: Readonly<Record<string, { file: string; weights?: { min: number; max: number } }>> = {
  "newsreader.woff2": {
    file: "@fontsource-variable/newsreader/files/newsreader-latin-wght-normal.woff2",
    weights: { min: 500, max: 600 },
  },
  "schibsted-grotesk.woff2": {
    file: "@fontsource-variable/schibsted-grotesk/files/schibsted-grotesk-latin-wght-normal.woff2",
    weights: { min: 400, max: 600 },
  },
  "plex-mono-400.woff2": { file: "@fontsource/ibm-plex-mono/files/ibm-plex-mono-latin-400-normal.woff2" },
  "plex-mono-500.woff2": { file: "@fontsource/ibm-plex-mono/files/ibm-plex-mono-latin-500-normal.woff2" },
};

/** Writes the fonts with only the characters and weights that the console uses, and their licences, to src/styles/fonts. */
const directory = fileURLToPath(new URL("src/styles/fonts/", import.meta.url));
await mkdir(directory, { recursive: true });
for (const [name, { file, weights }] of Object.entries(fonts)) {
  const source = require.resolve(file);
  const font = await subsetFont(await readFile(source), characters, {
    targetFormat: "woff2",
    ...(weights && { variationAxes: { wght: weights } }),
  });
  await writeFile(join(directory, name), font);
  await copyFile(join(dirname(source), "../LICENSE"), join(directory, name.replace("woff2", "LICENSE.txt")));
  console.log(`${name}: ${font.length} bytes`);
}
