import disk from "node:fs/promises";
import { syncBuiltinESMExports } from "node:module";
import { basename } from "node:path";

type Call = (...given: unknown[]) => Promise<unknown>;

/** What changes the disk, or makes sure that it has changed. */
const ofPaths = ["open", "rename", "unlink", "mkdir", "writeFile"];
const ofFiles = ["writeFile", "sync"];

/**
 * Has `around` carry out each call of this process that changes the disk.
 *
 * @param around is given what is called, as `sync spool`, and how to carry it out
 * @returns how to end that
 */
export const watchDisk = async (
  around: (call: string, carryOut: () => Promise<unknown>) => Promise<unknown>,
): Promise<() => void> => {
  const file = await disk.open(process.execPath);
  const prototype = Object.getPrototypeOf(file) as Record<string, Call>;
  await file.close();
  const names = new WeakMap<object, string>();
  const undo: (() => void)[] = [];
  const wrap = (place: Record<string, Call>, name: string, isOfFile: boolean) => {
    const call = place[name];
    if (!call) throw new Error(`there is no ${name}`);
    place[name] = async function (this: object, ...given: unknown[]) {
      const about = isOfFile ? names.get(this) : basename(String(given[0]));
      const answer = await around(`${name} ${about}`, () => call.apply(this, given));
      if (name === "open") names.set(answer as object, about ?? "");
      return answer;
    };
    undo.push(() => {
      place[name] = call;
    });
  };
  for (const name of ofPaths) wrap(disk as unknown as Record<string, Call>, name, false);
  for (const name of ofFiles) wrap(prototype, name, true);
  syncBuiltinESMExports();
  return () => {
    for (const restore of undo) restore();
    syncBuiltinESMExports();
  };
};
