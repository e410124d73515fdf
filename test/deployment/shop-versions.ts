import { mkdir, rm, writeFile } from "node:fs/promises";
import { join } from "node:path";
import { build } from "esbuild";
import { root } from "../repository/imports.ts";
import type { ShopVersion } from "./shop.ts";

/** Inside the repository, so that the versions find their packages. */
const bundle = `${root}node_modules/.cache/earlybird-shop-${process.pid}.mjs`;

/** Bundles the shop, which all of its versions import. */
export const buildShop = async (): Promise<void> => {
  await build({
    entryPoints: [`${root}test/deployment/shop.ts`],
    outfile: bundle,
    bundle: true,
    platform: "node",
    format: "esm",
    packages: "external",
  });
};

export const removeShop = (): Promise<void> => rm(bundle, { force: true });

/** Installs a version in a directory. */
export const writeShopVersion = async (directory: string, version: ShopVersion): Promise<void> => {
  await mkdir(directory, { recursive: true });
  const config = `import { shop } from ${JSON.stringify(bundle)};\nexport default shop(${JSON.stringify(version)});\n`;
  await writeFile(join(directory, "earlybird.config.js"), config);
  await writeFile(
    join(directory, "package.json"),
    JSON.stringify({ type: "module", version: version.version }),
  );
  await writeFile(join(directory, "package-lock.json"), JSON.stringify({ packages: {} }));
};
