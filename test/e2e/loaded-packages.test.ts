import { readdir, readFile } from "node:fs/promises";
import { join } from "node:path";
import { afterEach, beforeAll, expect, test } from "vitest";
import { root } from "../repository/imports.ts";
import { createTestDatabase, type TestDatabase } from "../support/database.ts";
import { makeTemporaryDirectory } from "../support/temporary-directory.ts";
import { createInstallation, type Installation } from "./installation.ts";

const services = {
  demo: { folder: root, greeting: "EarlyBird listens on" },
  library: { folder: `${root}examples/library`, greeting: "The library is open" },
};

const dependencies = new Set<string>();
beforeAll(async () => {
  for (const folder of ["ops", "delivery", "examples/library"]) {
    const manifest = JSON.parse(await readFile(`${root}${folder}/package.json`, "utf8"));
    for (const name of Object.keys(manifest.dependencies)) dependencies.add(name);
  }
});

let installation: Installation;
let database: TestDatabase;
const open = async (service: keyof typeof services) => {
  database = await createTestDatabase();
  installation = await createInstallation(services[service]);
};
afterEach(async () => {
  await installation?.remove();
  await database?.drop();
});

/** The direct dependencies of the platform and the services that a command loads. */
const loadedBy = async (...args: string[]): Promise<string[]> => {
  const directory = await makeTemporaryDirectory();
  const env = { DATABASE_URL: database.url };
  expect(await installation.run(args, { ...env, NODE_V8_COVERAGE: directory })).toMatchObject({
    exitStatus: 0,
  });
  const packages = new Set<string>();
  for (const file of await readdir(directory)) {
    const { result } = JSON.parse(await readFile(join(directory, file), "utf8")) as {
      result: { url: string }[];
    };
    for (const { url } of result) {
      const [, name] = /.*\/node_modules\/((?:@[^/]+\/)?[^/]+)\//.exec(url) ?? [];
      if (name !== undefined) packages.add(name);
    }
  }
  return [...packages].filter((name) => dependencies.has(name)).sort();
};

test("help loads only the command-line parser", async () => {
  await open("demo");
  expect(await loadedBy("--help")).toEqual(["commander"]);
  expect(await loadedBy("rollback", "--help")).toEqual(["commander"]);
});

test.each(["demo", "library"] as const)(
  "status of the %s loads the database packages but no server",
  async (service) => {
    await open(service);
    await installation.run(["schema"], { DATABASE_URL: database.url });
    expect(await loadedBy("status")).toEqual(["commander", "kysely", "p-limit", "pg", "pino", "zod"]);
  },
);
