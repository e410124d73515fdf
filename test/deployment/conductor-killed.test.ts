import { execFile } from "node:child_process";
import { cp, mkdir, readdir } from "node:fs/promises";
import { join } from "node:path";
import { promisify } from "node:util";
import { afterAll, beforeAll, expect, test } from "vitest";
import { sendCommand } from "../../ops/src/deployment/release/inbox.ts";
import { type BundledProgram, bundleProgram } from "../rollback/bundled-program.ts";
import { makeTemporaryDirectory } from "../support/temporary-directory.ts";
import type { ConductingLife } from "./conducting-program.ts";
import { allActs, conduct } from "./stacked-release.ts";

const run = promisify(execFile);
let program: BundledProgram;
let home: string;
beforeAll(async () => {
  program = await bundleProgram(new URL("conducting-program.ts", import.meta.url));
  home = await makeTemporaryDirectory();
});
afterAll(() => program?.remove());

const made = async (directory: string) =>
  (await readdir(directory)).filter((file) => file.startsWith("made-")).map((file) => file.slice(-1));

/** Kills the program at each moment in turn, until it is over before its moment comes. */
const killedAtEachMoment = async (
  life: Omit<ConductingLife, "directory" | "dieAt">,
  then: (directory: string) => Promise<void>,
): Promise<number> => {
  for (let dieAt = 1; ; dieAt++) {
    const directory = join(home, `${life.failingStage ?? "none"}-${dieAt}`);
    await mkdir(directory);
    const died = await run(process.execPath, [
      program.path,
      JSON.stringify({ ...life, directory, dieAt }),
    ]).then(
      () => false,
      ({ signal }: { signal?: string }) => signal === "SIGKILL",
    );
    if (!died) return dieAt - 1;
    await then(directory);
  }
};

test("killed at any moment, the next conductor completes the release, or takes all of it back", async () => {
  const moments = await killedAtEachMoment({}, async (directory) => {
    const other = `${directory}-reverted`;
    await cp(directory, other, { recursive: true });
    expect(await conduct({ directory })).toBe("completed");
    expect(await made(directory)).toEqual(allActs);
    await sendCommand(other, { command: "revert", by: "Ada", reason: "too slow" }, new Date());
    expect(await conduct({ directory: other })).toBe("reverted");
    expect(await made(other)).toEqual([]);
  });
  expect(moments).toBeGreaterThan(20);
});

test("killed at any moment of the way back, the next conductor takes back the rest", async () => {
  const failingStage = "switched";
  const moments = await killedAtEachMoment({ failingStage }, async (directory) => {
    expect(await conduct({ directory, failingStage })).toBe("reverted");
    expect(await made(directory)).toEqual([]);
  });
  expect(moments).toBeGreaterThan(25);
});
