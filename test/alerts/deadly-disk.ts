import disk from "node:fs/promises";
import { syncBuiltinESMExports } from "node:module";

type Call = (...given: unknown[]) => Promise<unknown>;

/** What changes the disk, or makes sure that it has changed. */
const counted = ["open", "rename", "unlink", "mkdir", "writeFile"] as const;
const countedOfFiles = ["writeFile", "sync", "close"] as const;

/**
 * Makes this process die by SIGKILL at the nth call that changes the disk: right before it, or when it has been
 * carried out and nobody knows.
 *
 * @returns how many calls there were until now
 */
export const dieAtCall = async (n: number, moment: "before" | "after"): Promise<() => number> => {
  const fs = disk as unknown as Record<string, Call>;
  let calls = 0;
  const deadly = (call: Call): Call =>
    async function (this: unknown, ...given: unknown[]) {
      const isLast = ++calls === n;
      if (isLast && moment === "before") await die();
      const answer = await call.apply(this, given);
      if (isLast) await die();
      return answer;
    };
  const file = await disk.open(process.execPath);
  const prototype = Object.getPrototypeOf(file) as Record<string, Call>;
  await file.close();
  for (const [place, names] of [
    [fs, counted],
    [prototype, countedOfFiles],
  ] as const) {
    for (const name of names) {
      const call = place[name];
      if (call) place[name] = deadly(call);
    }
  }
  syncBuiltinESMExports();
  return () => calls;
};

/** The signal is on its way when this returns: nothing may happen until it arrives. */
const die = (): Promise<never> => {
  process.kill(process.pid, "SIGKILL");
  return new Promise(() => {});
};
