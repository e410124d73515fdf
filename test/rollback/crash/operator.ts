import { spawn } from "node:child_process";
import { once } from "node:events";
import { mkdtemp, rm } from "node:fs/promises";
import { tmpdir } from "node:os";
import { join } from "node:path";
import { text } from "node:stream/consumers";
import { fileURLToPath } from "node:url";
import type { Direction } from "earlybird/rollback";
import { build, type Plugin } from "esbuild";
import type { Moment } from "./statements.ts";

/** An operation that an operator of another process carries out. */
export interface Task {
  direction: Direction;
  from: number;
  to: number;
}

/** Operators: processes that start in a tenth of a second, because there are to be hundreds of them. */
export interface Operators {
  /** Lets one carry out the task, and answers the statements that took. */
  work(url: string, task: Task): Promise<string[]>;
  /** Lets one begin the task and kills it, by SIGKILL, at its nth statement. */
  die(url: string, task: Task, at: { statement: number; moment: Moment }): Promise<void>;
  dismiss(): Promise<void>;
}

/** Bundled, and without whatever it does not use, the program loads in a twentieth of the time. */
export const hireOperators = async (): Promise<Operators> => {
  const directory = await mkdtemp(join(tmpdir(), "earlybird-operator-"));
  const program = join(directory, "operator.mjs");
  await build({
    entryPoints: [fileURLToPath(new URL("./operator-program.ts", import.meta.url))],
    outfile: program,
    bundle: true,
    platform: "node",
    format: "esm",
    conditions: ["source"],
    external: ["pg-native", "@node-rs/*"],
    plugins: [dropUnused],
    // CommonJS packages among the bundled ones ask for Node's modules by `require`.
    banner: {
      js: 'import { createRequire } from "node:module"; const require = createRequire(import.meta.url);',
    },
  });
  const start = async (url: string, { direction, from, to }: Task, n: number, moment: Moment) => {
    const child = spawn(
      process.execPath,
      [program, url, direction, String(from), String(to), String(n), moment],
      { stdio: ["ignore", "pipe", "inherit"] },
    );
    const [said, [status, signal]] = await Promise.all([text(child.stdout), once(child, "exit")]);
    return { said, status, signal };
  };
  return {
    async work(url, task) {
      const { said, status } = await start(url, task, 0, "before");
      if (status !== 0) throw new Error(`the operator ended with ${status}`);
      return JSON.parse(said);
    },
    async die(url, task, { statement, moment }) {
      const { signal } = await start(url, task, statement, moment);
      if (signal !== "SIGKILL") throw new Error(`the operator outlived statement ${statement}`);
    },
    dismiss: () => rm(directory, { recursive: true }),
  };
};

const ours = "ours";

/** Says of every module that importing it does nothing: what nothing is used of is left out. */
const dropUnused: Plugin = {
  name: "drop-unused",
  setup({ onResolve, resolve }) {
    onResolve({ filter: /^[^/]/ }, async ({ path, pluginData, ...asked }) => {
      if (pluginData === ours || asked.kind === "entry-point") return undefined;
      return { ...(await resolve(path, { ...asked, pluginData: ours })), sideEffects: false };
    });
  },
};
