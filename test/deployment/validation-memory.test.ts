import { spawn } from "node:child_process";
import { once } from "node:events";
import { createInterface } from "node:readline";
import { expect, test } from "vitest";
import { memoryCheck } from "../../ops/src/deployment/validation/memory.ts";
import type { Measured } from "../../ops/src/deployment/validation/trend.ts";

/** Works on objects of changing size, as a server does, and keeps some of them or none. */
const program = (keptBytes: number) => `
  const kept = [];
  let work;
  setInterval(() => {
    work = Array.from({ length: 2_000 + Math.random() * 20_000 }, (_, n) => ({ n, name: "order " + n }));
    if (${keptBytes}) kept.push(Buffer.alloc(${keptBytes}, 1));
  }, 10);
  setInterval(() => console.log(process.memoryUsage.rss()), 25);
`;

/** The memory of a real process over some seconds, the first second left out. */
const memoryOf = async (keptBytes: number): Promise<Measured[]> => {
  const child = spawn(process.execPath, ["--max-semi-space-size=4", "-e", program(keptBytes)], {
    stdio: ["ignore", "pipe", "inherit"],
  });
  const measured: Measured[] = [];
  for await (const line of createInterface({ input: child.stdout })) {
    measured.push({ at: new Date(), value: Number(line) });
    if (measured.length === 200) break;
  }
  child.kill("SIGKILL");
  await once(child, "exit");
  return measured.slice(40);
};

const check = async (keptBytes: number) => {
  const series = await memoryOf(keptBytes);
  const look = { since: new Date(), phaseSince: new Date(), commands: [] };
  return memoryCheck({ memory: async () => series }, { from: () => new Date(), fewestMs: 0 }).run(look);
};

test("a process that leaks fails, and one that only works does not", async () => {
  const [leaking, steady] = [await check(200_000), await check(0)];
  expect(leaking).toMatchObject({ verdict: "FAIL", evidence: expect.stringMatching(/keeps rising/) });
  expect(steady).toMatchObject({ verdict: "SUCCESS" });
});
