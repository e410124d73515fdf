import { type ChildProcess, execFile, spawn } from "node:child_process";
import { once } from "node:events";
import { rm } from "node:fs/promises";
import { createServer } from "node:net";
import { fileURLToPath } from "node:url";
import { promisify } from "node:util";
import { makeTemporaryDirectory } from "../test/support/temporary-directory.ts";
import { median, ms, printTable, ratio } from "./figures.ts";

const root = fileURLToPath(new URL("..", import.meta.url));
const program = `${root}ops/bin/earlybird.js`;
const rounds = 21;

/** How long the command line takes from its start to its end, beside a Node that does nothing. */
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
  console.log("\n## The command line beside a running server\n");
  console.log(`Medians of ${rounds} interleaved rounds.\n`);
  const least = median(took.get(nothing) ?? []);
  printTable(
    ["command", "took", "times `node -e 0`", "quickest"],
    [...took].map(([name, values]) => [
      name,
      ms(median(values)),
      ratio(median(values), least),
      ms(Math.min(...values)),
    ]),
  );
};

interface RunningService {
  folder: string;
  env: NodeJS.ProcessEnv;
  stop: () => Promise<void>;
}

const timed = async (args: readonly string[], service?: RunningService): Promise<number> => {
  const startMs = performance.now();
  await promisify(execFile)(process.execPath, args, { cwd: service?.folder, env: service?.env });
  return performance.now() - startMs;
};

const startService = async (folder: string, greeting: string): Promise<RunningService> => {
  console.error(`starting the service in ${folder} ...`);
  const dataDir = await makeTemporaryDirectory();
  const env = { ...process.env, EARLYBIRD_DATA_DIR: dataDir, PORT: String(await freePort()) };
  const child = spawn(process.execPath, [program, "start"], {
    cwd: folder,
    env,
    stdio: ["ignore", "ignore", "pipe"],
  });
  await untilSaid(child, greeting);
  const stop = async () => {
    child.kill("SIGTERM");
    await once(child, "exit");
    await rm(dataDir, { recursive: true, force: true });
  };
  return { folder, env, stop };
};

const untilSaid = (child: ChildProcess, greeting: string): Promise<void> =>
  new Promise((resolve, reject) => {
    let said = "";
    child.stderr?.setEncoding("utf8").on("data", (text: string) => {
      said += text;
      if (said.includes(greeting)) resolve();
    });
    child.once("exit", () => reject(new Error(`The server ended: ${said}`)));
  });

const freePort = async (): Promise<number> => {
  const probe = createServer().listen(0, "localhost");
  await once(probe, "listening");
  const { port } = probe.address() as { port: number };
  probe.close();
  return port;
};
