import { type ChildProcess, spawn } from "node:child_process";
import { mkdir, rm, writeFile } from "node:fs/promises";
import { join } from "node:path";
import { build } from "esbuild";
import { afterAll, beforeAll, expect, test } from "vitest";
import {
  FrontSwitch,
  loadPreflight,
  readProcess,
  stopProcess,
  writeLaunch,
} from "../../ops/src/deployment/index.ts";
import { root } from "../repository/imports.ts";
import { freePort } from "../support/free-port.ts";
import { makeTemporaryDirectory } from "../support/temporary-directory.ts";

/** Inside the repository, so that the program finds its packages. */
const bundle = `${root}node_modules/.cache/earlybird-versions-${process.pid}.mjs`;
const patient = { timeout: 30_000 };
const dates = { next: "2026-11-01", shared: "2026-08-01", last: "2026-05-01" };
const older = `${dates.shared},${dates.last}`;
const newer = `${dates.next},${dates.shared}`;
const launchOf = (versions: string) => ({
  command: process.execPath,
  args: [bundle, "--versions", versions],
  cwd: root,
});

let dataDir: string;
let directory: string;
let url: string;
let traffic: FrontSwitch;
let front: ChildProcess;

beforeAll(async () => {
  dataDir = await makeTemporaryDirectory();
  directory = await makeTemporaryDirectory();
  await build({
    entryPoints: [`${root}test/deployment/versioned-program.ts`],
    outfile: bundle,
    bundle: true,
    platform: "node",
    format: "esm",
    packages: "external",
  });
  const port = await freePort();
  url = `http://127.0.0.1:${port}`;
  traffic = new FrontSwitch(dataDir, "r1");
  const { command, args } = launchOf(older);
  front = spawn(command, args, {
    env: { ...process.env, DATA_DIR: dataDir, PORT: String(port) },
    stdio: ["ignore", "pipe", "inherit"],
  });
});

afterAll(async () => {
  front?.kill("SIGKILL");
  for (const slot of ["blue", "green"] as const) {
    const running = await readProcess(dataDir, slot);
    if (running) await stopProcess(running.owner, 0);
  }
  await rm(bundle, { force: true });
  for (const each of [dataDir, directory]) await rm(each, { recursive: true, force: true });
});

const ask = async (version?: string) => {
  const headers = version === undefined ? {} : { "earlybird-version": version };
  const response = await fetch(`${url}/orders`, { headers });
  const body = (await response.json()) as { slot: string; version: string; served: string[] };
  return response.ok ? `${body.slot} ${body.version}` : `${response.status} ${body.served}`;
};
const answers = async () => ({
  absent: await ask(),
  next: await ask(dates.next),
  shared: await ask(dates.shared),
  last: await ask(dates.last),
});

test("a version that one slot has goes to that slot whatever its weight; others go by weight", async () => {
  const blueAlone = {
    absent: `blue ${dates.last}`,
    next: `406 ${older}`,
    shared: `blue ${dates.shared}`,
    last: `blue ${dates.last}`,
  };
  await expect.poll(() => answers().catch(() => undefined), patient).toEqual(blueAlone);

  await writeLaunch(dataDir, "green", launchOf(newer));
  const both = { ...blueAlone, next: `green ${dates.next}` };
  await expect.poll(answers, patient).toEqual(both);

  await traffic.set({ blue: 0, green: 10_000 }, 1);
  const switched = { ...both, absent: `green ${dates.shared}`, shared: `green ${dates.shared}` };
  expect(await answers()).toEqual(switched);

  // A drained slot gets nothing more, and something again once it has weight.
  await traffic.drain("blue", 1_000);
  expect(await ask(dates.last)).toBe(`406 ${newer}`);
  await traffic.set({ blue: 5_000, green: 5_000 }, 2);
  expect(await ask(dates.last)).toBe(`blue ${dates.last}`);
  await traffic.set({ blue: 10_000, green: 0 }, 3);
  await traffic.drain("green", 1_000);
  expect(await answers()).toEqual(blueAlone);

  // Its next process is another one.
  const drained = await readProcess(dataDir, "green");
  if (drained) await stopProcess(drained.owner, 0);
  await expect.poll(answers, patient).toEqual(both);

  await writeLaunch(dataDir, "green", undefined);
  const green = await readProcess(dataDir, "green");
  if (green) await stopProcess(green.owner, 0);
  expect(await answers()).toEqual(blueAlone);
});

test("the OpenAPI document of a version is what it serves, else the committed one", async () => {
  const { openapiOf } = await loadPreflight();
  const pathsIn = (document: unknown) => Object.keys((document as { paths: object }).paths);
  const pathsOf = async (slot?: "blue" | "green") =>
    pathsIn(await openapiOf({ directory }, slot && { dataDir, slot }));
  const commit = (file: string, document: object) =>
    writeFile(join(directory, file), JSON.stringify(document));
  expect(await pathsOf("blue")).toEqual(["/blue"]);
  expect(pathsIn(await openapiOf({ directory }, { url }))).toEqual(["/blue"]);
  await expect(pathsOf("green")).rejects.toMatchObject({ code: "EB_OPENAPI_MISSING" });
  await mkdir(join(directory, "docs"));
  await commit("docs/openapi.json", { openapi: "3.1.0", paths: { "/committed": { get: {} } } });
  expect([await pathsOf(), await pathsOf("green"), await pathsOf("blue")]).toEqual([
    ["/committed"],
    ["/committed"],
    ["/blue"],
  ]);
  await commit("openapi.json", {});
  await expect(pathsOf("green")).rejects.toMatchObject({ code: "EB_OPENAPI_INVALID" });
});
