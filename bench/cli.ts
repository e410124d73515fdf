import { execFile } from "node:child_process";
import { promisify } from "node:util";
import { median, ms, printTable, ratio } from "./figures.ts";
import { program, type RunningService, root, startService } from "./running-service.ts";

const rounds = 21;

/** Measures the run time of commands against an empty Node process. */
export const cliBench = async (): Promise<void> => {
  const demo = await startService(root, "EarlyBird listens on");
  const library = await startService(`${root}examples/library`, "The library is open");
  const nothing = "`node -e 0`";
  const sides: Record<string, () => Promise<number>> = {
    [nothing]: () => timed(["-e", "0"]),
    "`earlybird --help`": () => timed([program, "--help"], demo),
    "`earlybird status`": () => timed([program, "status"], demo),
    "`earlybird status` of the library in examples": () => timed([program, "status"], library),
  };
  const took = new Map(Object.keys(sides).map((name) => [name, [] as number[]]));
  for (let round = 0; round < rounds; round++) {
    for (const [name, run] of Object.entries(sides)) took.get(name)?.push(await run());
  }
  for (const { stop } of [demo, library]) await stop();
  console.log("\n## Commands with a running server\n");
  console.log(`Medians of ${rounds} interleaved rounds.\n`);
  const least = median(took.get(nothing) ?? []);
  printTable(
    ["command", "median", "ratio to `node -e 0`", "fastest"],
    [...took].map(([name, values]) => [
      name,
      ms(median(values)),
      ratio(median(values), least),
      ms(Math.min(...values)),
    ]),
  );
};

const timed = async (args: readonly string[], service?: RunningService): Promise<number> => {
  const startMs = performance.now();
  await promisify(execFile)(process.execPath, args, { cwd: service?.folder, env: service?.env });
  return performance.now() - startMs;
};
