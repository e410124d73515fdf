import { Writable } from "node:stream";
import type { Logger } from "@earlybird-ops/platform";
import { pino } from "pino";

/** A logger, and the lines that it has written. */
export const logLines = (level = "info"): { log: Logger; lines: Record<string, unknown>[] } => {
  const lines: Record<string, unknown>[] = [];
  const write = (line: Buffer, _: string, done: () => void) => {
    lines.push(JSON.parse(String(line)));
    done();
  };
  return { log: pino({ level }, new Writable({ write })), lines };
};
