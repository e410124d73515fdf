import { readFileSync } from "node:fs";
import { argumentsAt, type Call, constantsOf, literalsOf } from "./source-text.ts";

/** What one factory of a Failure says, as read from its source. */
export interface FailureCall {
  code: string;
  /** A number, or the name of the parameter that decides it. */
  status: string;
  /** Undefined where the factory sets none: a command then ends with 1. */
  exitStatus: number | undefined;
  /** The sentences it may say, a placeholder in braces for each value; several where it chooses. */
  details: string[];
  remedies: string[];
}

/**
 * Reads every `new Failure(...)` of a source file. One that passes on the code of another Failure is left
 * out; one whose code is written in any other way than as a literal is an error.
 */
export const failureCallsIn = (file: string): FailureCall[] => {
  const source = readFileSync(file, "utf8");
  const constants = constantsOf(source);
  const calls: FailureCall[] = [];
  for (const { index } of source.matchAll(/\bnew Failure\(/g)) {
    const call = argumentsAt(source, index + "new Failure(".length);
    const [code = "", status = "", detail = "", remedy = ""] = call.values;
    if (/^(\w+\.)?code$/.test(code)) continue;
    const codes = literalsOf(code, constants);
    if (!codes.every((each) => /^EB_[A-Z_]+$/.test(each))) {
      throw new Error(`${file}: the code of a Failure must be written out, not "${code}"`);
    }
    const details = literalsOf(detail, constants);
    // A factory that chooses its code chooses its words by the same condition.
    const shared = codes.length === 1 || details.length !== codes.length;
    for (const [number, each] of codes.entries()) {
      calls.push({
        code: each,
        status,
        exitStatus: exitStatusAfter(source, call),
        details: shared ? details : [details[number] ?? ""],
        remedies: literalsOf(remedy, constants),
      });
    }
  }
  return calls;
};

const exitStatusAfter = (source: string, { end }: Call): number | undefined => {
  const [, status] = /^\s*\.exitingWith\((\d+)\)/.exec(source.slice(end)) ?? [];
  return status === undefined ? undefined : Number(status);
};
