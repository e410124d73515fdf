import { createHash } from "node:crypto";
import { readFileSync } from "node:fs";
import { basename } from "node:path";
import type { Plugin } from "vite";

/**
 * Adds a small script to the head that runs before the first paint. Vite bundles modules only, which run later, and the
 * policy of the pages forbids inline scripts.
 *
 * @param file relative to the root of the console
 */
export const blockingScript = (file: string): Plugin => {
  const source = readFileSync(new URL(`../${file}`, import.meta.url), "utf8");
  const hash = createHash("sha256").update(source).digest("base64url").slice(0, 8);
  const fileName = `assets/${basename(file, ".js")}-${hash}.js`;
  let isBuild = false;
  return {
    name: "blocking-script",
    configResolved({ command }) {
      isBuild = command === "build";
    },
    buildStart() {
      if (isBuild) this.emitFile({ type: "asset", fileName, source });
    },
    transformIndexHtml: () => [
      { tag: "script", attrs: { src: isBuild ? `./${fileName}` : file }, injectTo: "head" },
    ],
  };
};
