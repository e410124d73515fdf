import { execFile } from "node:child_process";
import { mkdirSync, readFileSync, rmSync, symlinkSync, writeFileSync } from "node:fs";
import { dirname, join, resolve } from "node:path";
import { promisify } from "node:util";
import * as rollback from "@earlybird-ops/platform/rollback";
import pg from "pg";
import { afterAll, beforeAll, expect, test } from "vitest";
import { createTestDatabase, type TestDatabase } from "../support/database.ts";
import { makeTemporaryDirectory } from "../support/temporary-directory.ts";
import { root } from "./imports.ts";

const document = [
  "how-to/write-a-change.md",
  "how-to/add-to-your-service.md",
  "reference/parts.md",
  "reference/rollback-manager.md",
]
  .map((file) => readFileSync(resolve(root, "docs", file), "utf8"))
  .join("\n");
const blocks = (language: string) =>
  [...document.matchAll(new RegExp(`^\`\`\`${language}\\n([\\s\\S]*?)^\`\`\`$`, "gm"))].map(
    ([, text = ""]) => text,
  );

const run = (command: string, args: readonly string[], env: NodeJS.ProcessEnv = {}) =>
  promisify(execFile)(command, args, { cwd: directory, env: { ...process.env, ...env } });

let directory: string;
let database: TestDatabase;
const role = `library_${process.pid}`;

beforeAll(async () => {
  directory = await makeTemporaryDirectory();
  symlinkSync(join(root, "node_modules"), join(directory, "node_modules"));
  writeFileSync(join(directory, "package.json"), JSON.stringify({ type: "module" }));
  const files = blocks("ts").map((text) => {
    const name = /^\/\/ (\S+\.ts)\n/.exec(text)?.[1];
    if (!name) throw new Error(`a sample begins with its file's name: ${text}`);
    mkdirSync(dirname(join(directory, name)), { recursive: true });
    writeFileSync(join(directory, name), text);
    return name;
  });
  const tsconfig = { extends: join(root, "tsconfig.base.json"), compilerOptions: { noEmit: true }, files };
  writeFileSync(join(directory, "tsconfig.json"), JSON.stringify(tsconfig));
  database = await createTestDatabase();
  await database.pool.query(`create role ${role} login password 'books';
    grant create on database ${new URL(database.url).pathname.slice(1)} to ${role};
    grant usage, create on schema public to ${role}`);
});

afterAll(async () => {
  rmSync(directory, { recursive: true, force: true });
  await database.pool.query(
    `reassign owned by ${role} to current_user; drop owned by ${role}; drop role ${role}`,
  );
  await database.drop();
});

test("the samples compile against the public exports", async () => {
  expect(blocks("ts").length).toBeGreaterThan(5);
  const compiler = join(root, "node_modules/typescript/bin/tsc");
  const faults = await run(process.execPath, [compiler, "-p", directory]).then(
    () => "",
    ({ stdout, stderr }) => stdout + stderr || "the compiler did not run",
  );
  expect(faults).toBe("");
}, 60_000);

test("the samples run, for a role with no more privileges than the document names", async () => {
  const owner = new URL(database.url);
  owner.username = role;
  owner.password = "books";
  const asOwner = new pg.Client({ connectionString: owner.href });
  await asOwner.connect();
  await asOwner.query(
    `${blocks("sql").join("\n")}; insert into books (id, title) values ('book-000001', 'The Guide')`,
  );
  await asOwner.end();
  const { stdout } = await run(process.execPath, ["--conditions=source", "--import", "tsx", "undo.ts"], {
    DATABASE_URL: owner.href,
  });
  const said = stdout.trim().split("\n");
  expect(said[0]).toBe("applied for the first time: [ 1, 2, 3 ]");
  expect(said[1]).toMatch(/^lent: lon_/);
  expect(stdout).toMatch(/^refused: EB_ACKNOWLEDGEMENT_WRONG /m);
  expect(stdout).toMatch(/^lent: loan-00000\d$/m);
  expect(stdout).toMatch(/^re-applied: completed ledger: \d+ true$/m);
  expect(said.at(-1)).toBe("proven: true []");
}, 60_000);

test("every public function and every method of the manager is described", () => {
  const named = (name: string) => document.includes(`\`${name}(`) || document.includes(`\`${name}\``);
  const values = Object.keys(rollback).filter(
    (name) => !["RollbackManager", "Changes", "rollbackRoutes"].includes(name),
  );
  const methods = Object.getOwnPropertyNames(rollback.RollbackManager.prototype).filter(
    (name) => name !== "constructor",
  );
  expect(methods.length).toBeGreaterThan(15);
  expect([...values, ...methods].filter((name) => !named(name))).toEqual([]);
});
