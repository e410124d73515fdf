import { execFileSync } from "node:child_process";
import { readFileSync } from "node:fs";
import { resolve } from "node:path";
import { describe, expect, test } from "vitest";
import { ensureBuilt } from "../e2e/build.ts";
import { root } from "./imports.ts";

const read = (file: string) => readFileSync(resolve(root, file), "utf8");

describe("the lock file", () => {
  const { packages } = JSON.parse(read("package-lock.json")) as {
    packages: Record<string, { resolved?: string; optionalDependencies?: Record<string, string> }>;
  };

  test("names no registry, so it works with any mirror", () => {
    const resolved = Object.values(packages).flatMap((entry) => entry.resolved ?? []);
    expect(resolved.filter((place) => place.includes("://"))).toEqual([]);
  });

  test("includes the optional packages of every operating system, which npm ci requires", () => {
    const missing = Object.entries(packages).flatMap(([place, { optionalDependencies = {} }]) =>
      Object.keys(optionalDependencies).filter(
        (name) => !packages[`${place}/node_modules/${name}`] && !packages[`node_modules/${name}`],
      ),
    );
    expect(missing).toEqual([]);
  });
});

test("packing the platform adds an SBOM of its runtime packages", async () => {
  await ensureBuilt();
  expect(JSON.parse(read("ops/package.json")).scripts.prepack).toContain("sbom");
  execFileSync("npm", ["run", "--silent", "sbom"], { cwd: root, stdio: "pipe" });
  const { components } = JSON.parse(read("ops/dist/sbom.cdx.json")) as {
    components: { "bom-ref": string }[];
  };
  const listed = new Set(components.map((component) => component["bom-ref"].replace(/@[^@]*$/, "")));
  const dependencies = Object.keys(JSON.parse(read("ops/package.json")).dependencies);
  expect(dependencies.filter((name) => !listed.has(name))).toEqual([]);
  expect(["vitest", "typescript", "esbuild"].filter((name) => listed.has(name))).toEqual([]);
});

test("the published package has the program, types and license, and no tests", async () => {
  await ensureBuilt();
  const answer = execFileSync("npm", ["pack", "--dry-run", "--json", "--ignore-scripts", "-w", "ops"], {
    cwd: root,
    encoding: "utf8",
    stdio: ["ignore", "pipe", "ignore"],
  });
  const [packed] = Object.values(JSON.parse(answer)) as { files: { path: string }[] }[];
  const paths = packed?.files.map(({ path }) => path) ?? [];
  for (const expected of [
    "LICENSE",
    "README.md",
    "bin/earlybird.js",
    "dist/index.js",
    "dist/index.d.ts",
    "dist/sbom.cdx.json",
  ]) {
    expect(paths).toContain(expected);
  }
  expect(paths.filter((path) => /\.test\.|\.map$|tsbuildinfo|^(src|test)\//.test(path))).toEqual([]);
});
