import { fork } from "node:child_process";
import { once } from "node:events";
import { fileURLToPath } from "node:url";

/**
 * Processor time that the recorder adds to a request of Fastify. A busy machine disturbs it less than the throughput of
 * processes. Runs the built platform: tsx preserves the names of functions at a cost of half a microsecond for each
 * named closure, which a request of the built platform does not pay.
 */
export const recorderBench = async (): Promise<void> => {
  console.error("recording requests of Fastify ...");
  const program = fileURLToPath(new URL("./recorder-program.ts", import.meta.url));
  await once(fork(program, [], { execArgv: ["--import", "tsx"] }), "exit");
};
