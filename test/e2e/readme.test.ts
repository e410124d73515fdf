import { execFile, spawnSync } from "node:child_process";
import { readFileSync } from "node:fs";
import { resolve } from "node:path";
import { promisify } from "node:util";
import { afterAll, beforeAll, describe, expect, test } from "vitest";
import { root } from "../repository/imports.ts";
import { createInstallation, type Installation } from "./installation.ts";

const read = (file: string) => readFileSync(resolve(root, file), "utf8");
const scriptsOf = (file: string) =>
  [...read(file).matchAll(/^```sh\n([\s\S]*?)^```$/gm)].map(([, script = ""]) => script);
const commandsOf = (file: string) =>
  scriptsOf(file)
    .filter((script) => script.includes("npx earlybird"))
    .flatMap((script) => script.trim().split("\n"))
    .map((line) => line.replace(/\s+#.*/, ""));
const calls = scriptsOf("README.md").find((script) => script.includes("curl")) ?? "";
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

// npx takes longer than most of these commands do, and finds the same program each time.
const run = (command: string) => shell(command.replace("npx ", ""));

const rolledBack = async (): Promise<number[]> => {
  const { steps } = JSON.parse(await run("npx earlybird status --json"));
  return steps
    .filter(({ state }: { state: string }) => state === "rolled_back")
    .map(({ step }: { step: number }) => step);
};

test("npx finds the program", async () => {
  expect(await shell("npx earlybird --help")).toContain("rollback");
  const { version } = JSON.parse(read("ops/package.json"));
  expect(await shell("npx earlybird --version")).toBe(`${version}\n`);
});

/** Each command of the tour, what it prints, and which steps are rolled back afterwards. */
const tour: readonly [command: string, prints: RegExp, rolledBack: readonly number[]][] = [
  ["npx earlybird status", /order-subscription/, []],
  ["npx earlybird rollback 23..22 --dry-run", /Nothing was changed/, []],
  ['npx earlybird rollback 23..22 --reason "tour" --acknowledge "revenue loss"', /22/, [22, 23]],
  ["npx earlybird parked", /orders\.delivered_at/, [22, 23]],
  ["npx earlybird reapply 22..23", /23/, []],
  ["npx earlybird prove 19", /proven/i, []],
  ["npx earlybird audit verify", /head [0-9a-f]{64}/, []],
  ["npx earlybird health", /healthy/, []],
  ["npx earlybird alerts summary", /30 days/, []],
  ["npx earlybird alerts test log", /accepted/, []],
  ["npx earlybird smoke", /every journey succeeds/, []],
  ["npx earlybird release status", /No release yet/, []],
];

test("the tour of the readme is the one that is tested", () => {
  expect(commandsOf("README.md")).toEqual(tour.map(([command]) => command));
});

describe("the tour of the readme", () => {
  test.each(tour)("%s", async (command, prints, steps) => {
    expect(await run(command)).toMatch(prints);
    expect(await rolledBack()).toEqual(steps);
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
});

describe("the tutorial", () => {
  const commands = commandsOf("docs/tutorials/first-run.md");

  test.each(commands)("%s", async (command) => {
    expect(await run(command)).not.toBe("");
  });

  test("has commands, and leaves every step applied", async () => {
    expect(commands.length).toBeGreaterThan(10);
    expect(await rolledBack()).toEqual([]);
  });
});

test("every npm script that the documents name exists", () => {
  const { scripts: known } = JSON.parse(read("package.json")) as { scripts: Record<string, string> };
  for (const file of ["README.md", "CONTRIBUTING.md", "docs/reference/errors.md", "docs/measurements.md"]) {
    for (const [, name = ""] of read(file).matchAll(/npm run ([\w:]+)/g))
      expect(known, file).toHaveProperty(name);
  }
});
