import { spawn } from "node:child_process";
import { once } from "node:events";
import { text } from "node:stream/consumers";
import type { Direction } from "@earlybird-ops/platform/rollback";
import { bundleProgram } from "../bundled-program.ts";
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

export const hireOperators = async (): Promise<Operators> => {
  const program = await bundleProgram(new URL("./operator-program.ts", import.meta.url));
  const start = async (url: string, { direction, from, to }: Task, n: number, moment: Moment) => {
    const given = [url, direction, String(from), String(to), String(n), moment];
    const child = spawn(process.execPath, [program.path, ...given], { stdio: ["ignore", "pipe", "inherit"] });
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
    dismiss: program.remove,
  };
};
