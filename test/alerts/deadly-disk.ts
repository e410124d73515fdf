import { watchDisk } from "../support/watched-disk.ts";

/**
 * Makes this process die by SIGKILL at the nth call that changes the disk: right before it, or when it has been
 * carried out and nobody knows.
 *
 * @returns how many calls there were until now
 */
export const dieAtCall = async (n: number, moment: "before" | "after"): Promise<() => number> => {
  let calls = 0;
  await watchDisk(async (_, carryOut) => {
    const isLast = ++calls === n;
    if (isLast && moment === "before") await die();
    const answer = await carryOut();
    if (isLast) await die();
    return answer;
  });
  return () => calls;
};

/** The signal is on its way when this returns: nothing may happen until it arrives. */
const die = (): Promise<never> => {
  process.kill(process.pid, "SIGKILL");
  return new Promise(() => {});
};
