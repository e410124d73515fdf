import { spawn } from "node:child_process";
import { once } from "node:events";
import { rm } from "node:fs/promises";
import { makeTemporaryDirectory } from "../../test/support/temporary-directory.ts";
import { median, ms, printTable } from "../figures.ts";
import { freePort, program, root, waitForOutput } from "../running-service.ts";
import type { Goal } from "./goals.ts";

const rounds = 3;
const limitMs = 2_000;
const sides = { front: [], direct: ["--direct"] } as const;
type Side = keyof typeof sides;

/** How long `npm start` takes after its build: with an empty data directory, and again. */
export const startBench = async (): Promise<Goal[]> => {
  const firstMs: Record<Side, number[]> = { front: [], direct: [] };
  const secondMs: Record<Side, number[]> = { front: [], direct: [] };
  for (let round = 0; round < rounds; round++) {
    for (const side of ["front", "direct"] as const) {
      const dataDir = await makeTemporaryDirectory();
      firstMs[side].push(await startOnce(side, dataDir));
      secondMs[side].push(await startOnce(side, dataDir));
      await rm(dataDir, { recursive: true, force: true });
    }
  }
  console.log("\n## Starts of the demo\n");
  console.log(`Medians of ${rounds} interleaved rounds, without the build of \`npm start\`.\n`);
  printTable(
    ["", "first start", "second start"],
    (["direct", "front"] as const).map((side) => [
      side,
      ms(median(firstMs[side])),
      ms(median(secondMs[side])),
    ]),
  );
  return [
    goalOf("first start", median(firstMs.front) - median(firstMs.direct)),
    goalOf("second start", median(secondMs.front) - median(secondMs.direct)),
  ];
};

const goalOf = (which: string, moreMs: number): Goal => ({
  what: `${which} of the demo with front, beside \`--direct\``,
  measured: `${ms(moreMs)} more`,
  goal: `<= ${ms(limitMs)} more`,
  isMet: moreMs <= limitMs,
});

/** @returns milliseconds until it greets */
const startOnce = async (side: Side, dataDir: string): Promise<number> => {
  const env = { ...process.env, EARLYBIRD_DATA_DIR: dataDir, PORT: String(await freePort()) };
  const startedMs = performance.now();
  const child = spawn(process.execPath, [program, "start", ...sides[side]], {
    cwd: root,
    env,
    stdio: ["ignore", "ignore", "pipe"],
  });
  await waitForOutput(child, "EarlyBird listens on");
  const durationMs = performance.now() - startedMs;
  const ended = once(child, "exit");
  child.kill("SIGTERM");
  await ended;
  return durationMs;
};
