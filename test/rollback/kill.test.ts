import { spawn } from "node:child_process";
import { once } from "node:events";
import { setTimeout as sleep } from "node:timers/promises";
import { fingerprint, RollbackManager } from "@earlybird-ops/platform/rollback";
import fc from "fast-check";
import { afterAll, beforeAll, expect, test } from "vitest";
import { changes } from "../../delivery/src/changes/index.ts";
import { quiet } from "../support/delivery.ts";
import { type Demo, loadDemo } from "../support/demo.ts";
import { asked } from "./asked.ts";
import { type BundledProgram, bundleProgram } from "./bundled-program.ts";

const kills = 12;

let program: BundledProgram;
let demo: Demo;
let manager: RollbackManager;
beforeAll(async () => {
  program = await bundleProgram(new URL("./operator-program.ts", import.meta.url));
  demo = await loadDemo({ customers: 60, days: 15 });
  manager = new RollbackManager({ pool: demo.database.pool, changes, log: quiet });
});
afterAll(async () => {
  await program?.remove();
  await demo?.database.drop();
});

/** Starts an operator and kills it, without a word, `afterMs` into its work. */
const killOperator = async (afterMs: number): Promise<void> => {
  const child = spawn(process.execPath, [program.path, demo.database.url], {
    stdio: ["ignore", "pipe", "inherit"],
  });
  const exited = once(child, "exit");
  await once(child.stdout, "data");
  await sleep(afterMs);
  child.kill("SIGKILL");
  await exited;
};

test(`killed at ${kills} random moments, each step is before or after, and the next command works`, async () => {
  const before = await fingerprint(demo.db);
  const moments = fc.sample(fc.nat({ max: 600 }), { numRuns: kills, seed: 27_19 });
  const found = new Set<string>();
  for (const afterMs of moments) {
    await killOperator(afterMs);
    // The next command, at once: it goes on from wherever the dead one has stopped.
    await manager.rollbackSteps(27, 19, asked);
    const { steps } = await manager.getStatus();
    expect(steps.filter(({ state }) => state === "rolled_back").map(({ step }) => step)).toEqual([
      19, 20, 21, 22, 23, 24, 25, 26, 27,
    ]);
    await manager.reapplySteps(19, 27, asked);
    expect(await fingerprint(demo.db)).toEqual(before);
    const operations = await manager.listOperations(3);
    for (const { kind, state, steps: moved } of operations)
      if (state === "interrupted") found.add(`${kind} ${moved}`);
  }
  // Otherwise the kills have all come too early or too late, and nothing was shown.
  expect(found.size).toBeGreaterThan(0);
  expect(await manager.verifyLedger()).toMatchObject({ ok: true });
}, 600_000);

test("of two rollbacks at once one runs, and the other is refused or finds nothing to do", async () => {
  const other = new RollbackManager({ pool: demo.database.pool, changes, log: quiet });
  const outcomes = await Promise.allSettled([
    manager.rollbackSteps(27, 19, asked),
    other.rollbackSteps(27, 19, asked),
  ]);
  const moved = outcomes.filter(
    ({ status, ...rest }) => status === "fulfilled" && "value" in rest && rest.value.operation,
  );
  expect(moved).toHaveLength(1);
  for (const outcome of outcomes) {
    if (outcome.status === "rejected")
      expect(outcome.reason).toMatchObject({ code: "EB_OPERATION_RUNNING", exitStatus: 5 });
  }
  await manager.reapplySteps(19, 27, asked);
});
