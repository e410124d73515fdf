import { execFile } from "node:child_process";
import { readdir, readFile, writeFile } from "node:fs/promises";
import { join } from "node:path";
import { promisify } from "node:util";
import { beforeAll, expect, test } from "vitest";
import { fileDigest } from "../../ops/src/core/directory-digest.ts";
import { unpackArtefact } from "../../ops/src/deployment/release/unpack-artefact.ts";
import { makeTemporaryDirectory } from "../support/temporary-directory.ts";

const run = promisify(execFile);
let dataDir: string;
let file: string;
let lock: string;

/** A version with one dependency, which it brings along: no registry is asked. */
beforeAll(async () => {
  dataDir = await makeTemporaryDirectory();
  const [version, dependency] = [await makeTemporaryDirectory(), await makeTemporaryDirectory()];
  await writeFile(join(dependency, "package.json"), JSON.stringify({ name: "milk", version: "1.0.0" }));
  await writeFile(
    join(version, "package.json"),
    JSON.stringify({ name: "shop", version: "2.0.0", dependencies: { milk: "file:milk-1.0.0.tgz" } }),
  );
  await run("npm", ["pack", "--pack-destination", version], { cwd: dependency });
  await writeFile(join(version, "earlybird.config.js"), "export default {};");
  await run("npm", ["install", "--offline", "--no-audit", "--no-fund"], { cwd: version });
  await run("npm", ["pack"], { cwd: version });
  file = join(version, "shop-2.0.0.tgz");
  lock = join(version, "package-lock.json");
}, 60_000);

test("an artefact is unpacked with the packages of its lock file, once", async () => {
  const artefact = await unpackArtefact(dataDir, { file });
  expect(artefact).toEqual({ directory: artefact.directory, sha256: await fileDigest(file), file });
  expect(await readdir(artefact.directory)).toEqual(
    expect.arrayContaining(["earlybird.config.js", "node_modules", "package-lock.json", "package.json"]),
  );
  expect(await readFile(join(artefact.directory, "node_modules/milk/package.json"), "utf8")).toContain(
    "milk",
  );
  await writeFile(join(artefact.directory, "mark"), "");
  expect(await unpackArtefact(dataDir, { file })).toEqual(artefact);
  expect(await readdir(artefact.directory)).toContain("mark");
});

test("another lock file makes another installation", async () => {
  const other = join(await makeTemporaryDirectory(), "lock.json");
  await writeFile(other, `${await readFile(lock, "utf8")}\n`);
  const { directory } = await unpackArtefact(dataDir, { file });
  expect((await unpackArtefact(dataDir, { file, lock: other })).directory).not.toBe(directory);
});

test("a damaged artefact or lock file is refused, and leaves nothing", async () => {
  const folder = await makeTemporaryDirectory();
  const damaged = join(folder, "damaged.tgz");
  await writeFile(damaged, (await readFile(file)).subarray(0, 200));
  const strange = join(folder, "strange.json");
  await writeFile(strange, JSON.stringify({ lockfileVersion: 3, packages: { "": { dependencies: {} } } }));
  const before = await readdir(join(dataDir, "artefacts"));
  const unusable = expect.objectContaining({ code: "EB_ARTEFACT_UNUSABLE" });
  await expect(unpackArtefact(dataDir, { file: damaged, lock })).rejects.toEqual(unusable);
  await expect(unpackArtefact(dataDir, { file, lock: strange })).rejects.toEqual(unusable);
  await expect(unpackArtefact(dataDir, { file: join(folder, "absent.tgz") })).rejects.toEqual(unusable);
  expect(await readdir(join(dataDir, "artefacts"))).toEqual(before);
});
