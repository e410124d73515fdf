import { execFile, spawnSync } from "node:child_process";
import { readFileSync } from "node:fs";
import { resolve } from "node:path";
import { promisify } from "node:util";
import { afterAll, beforeAll, expect, test } from "vitest";
import { root } from "../repository/imports.ts";
import { createInstallation, type Installation } from "./installation.ts";

const read = (file: string) => readFileSync(resolve(root, file), "utf8");
const scripts = [...read("README.md").matchAll(/^```sh\n([\s\S]*?)^```$/gm)].map(([, script = ""]) => script);
const commands =
  scripts
    .find((script) => script.includes("npx earlybird"))
    ?.trim()
    .split("\n") ?? [];
const calls = scripts.find((script) => script.includes("curl")) ?? "";
const hasCurl = spawnSync("curl", ["--version"]).status === 0;

let installation: Installation;
beforeAll(async () => {
  installation = await createInstallation();
  await installation.run(["seed", "--customers", "60", "--days", "10"]);
  await installation.start();
}, 60_000);
afterAll(() => installation?.remove());

const shell = async (script: string): Promise<string> => {
  const { PATH } = installation.env;
  const env = { ...installation.env, PATH: `${root}node_modules/.bin:${PATH}` };
  const { stdout } = await promisify(execFile)("sh", ["-ec", script], { cwd: root, env });
  return stdout;
};

test("the readme has commands to try", () => {
  expect(commands.length).toBeGreaterThan(5);
  expect(calls).toContain("/api/auth/login");
});

test("npx finds the program", async () => {
  expect(await shell("npx earlybird --help")).toContain("rollback");
});

// npx takes longer than most of these commands do, and finds the same program each time.
test.each(commands)("%s", async (command) => {
  expect(await shell(command.replace("npx ", ""))).not.toBe("");
});

test.skipIf(!hasCurl)("the requests by curl are answered", async () => {
  const here = calls
    .replaceAll("http://localhost:1001", installation.url)
    .replaceAll("curl -s", "curl -sS --fail -w '\\n'");
  const answers = (await shell(here)).trim().split("\n");
  const [health, orders, dashboard] = answers.map((answer) => JSON.parse(answer));
  expect(health).toMatchObject({ status: "healthy", database: { status: "healthy" } });
  expect(orders.items).toHaveLength(2);
  expect(Object.keys(dashboard).length).toBeGreaterThan(3);
});

test("every npm script that the documents name exists", () => {
  const { scripts: known } = JSON.parse(read("package.json")) as { scripts: Record<string, string> };
  for (const file of ["README.md", "CONTRIBUTING.md", "docs/errors.md"]) {
    for (const [, name = ""] of read(file).matchAll(/npm run ([\w:]+)/g))
      expect(known, file).toHaveProperty(name);
  }
});
