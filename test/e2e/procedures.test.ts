import { execFile } from "node:child_process";
import { readFileSync } from "node:fs";
import { resolve } from "node:path";
import { promisify } from "node:util";
import { afterAll, beforeAll, expect, test } from "vitest";
import { root } from "../repository/imports.ts";
import { createTestDatabase, type TestDatabase } from "../support/database.ts";
import { program } from "./build.ts";
import { createInstallation, type Installation } from "./installation.ts";

const scriptsOf = (file: string) =>
  [...readFileSync(resolve(root, file), "utf8").matchAll(/^```sh\n([\s\S]*?)^```$/gm)].map(
    ([, script = ""]) => script.trim(),
  );
const [stepByStep = ""] = scriptsOf("docs/how-to/undo-a-change.md");
const ofSteps = scriptsOf("docs/reference/steps.md");

let installation: Installation;
let database: TestDatabase;
let env: NodeJS.ProcessEnv;
beforeAll(async () => {
  installation = await createInstallation();
  // No server runs, so each command would start and stop its own embedded database.
  database = await createTestDatabase();
  env = { ...installation.env, DATABASE_URL: database.url };
  await installation.run(["seed", "--customers", "40", "--days", "8"], env);
}, 60_000);
afterAll(async () => {
  await installation?.remove();
  await database?.drop();
});

const shell = async (script: string): Promise<string> => {
  const here = script.replaceAll("npx earlybird", `"${process.execPath}" "${program}"`);
  const { stdout } = await promisify(execFile)("sh", ["-ec", here], { cwd: root, env });
  return stdout;
};

const states = async (): Promise<string[]> => {
  const { steps } = JSON.parse(await shell("npx earlybird status --json"));
  return steps.map(({ state }: { state: string }) => state);
};

const applied = Array.from({ length: 12 }, () => "applied");

test("the guide to undo a change works, and leaves every step applied", async () => {
  const commands = stepByStep.split("\n");
  expect(commands.length).toBeGreaterThan(7);
  for (const command of commands) expect(await shell(command), command).not.toBe("");
  expect(await states()).toEqual(applied);
}, 120_000);

test("the commands of a step with dependents roll back and re-apply the dependents too", async () => {
  const [dryRun = "", rollback = "", reapply = ""] = ofSteps[0]?.split("\n") ?? [];
  expect(dryRun).toContain("--cascade");
  expect(await shell(dryRun)).toContain("Nothing was changed");
  await shell(rollback);
  expect((await states()).filter((state) => state === "rolled_back").length).toBeGreaterThan(1);
  await shell(reapply);
  expect(await states()).toEqual(applied);
}, 60_000);
