import { type ChildProcess, type SendHandle, spawn } from "node:child_process";
import { once } from "node:events";
import { constants } from "node:os";
import type { FrontSwitch, ListeningHandle } from "./front/index.ts";
import { switchFailed } from "./traffic/index.ts";

type Program = Parameters<FrontSwitch["renew"]>[0];

/** Sent with each listening socket. */
interface Bequest {
  sockets: number;
}

const serving = "serving";

/**
 * Starts the next front, gives it the listening sockets, and waits until it serves. It shares the terminal of this
 * process and is its child: your supervisor waits for this process, and this process for it.
 *
 * @throws Failure EB_TRAFFIC_SWITCH if it ends before it serves
 */
export const startSuccessor = async (
  { command, args, cwd }: Program,
  handles: readonly ListeningHandle[],
): Promise<ChildProcess> => {
  const child = spawn(command, [...args, "--successor"], {
    cwd,
    stdio: ["inherit", "inherit", "inherit", "ipc"],
  });
  const bequest: Bequest = { sockets: handles.length };
  // Node sends handles of libuv as well as servers; a server would accept connections until it is sent.
  for (const handle of handles) child.send(bequest, handle as SendHandle);
  const [event] = await Promise.race([
    once(child, "message"),
    once(child, "exit").then(([code, signal]) => [{ ended: signal ?? code }]),
  ]);
  if (event !== serving) throw switchFailed({ reason: `The next front ended: ${JSON.stringify(event)}` });
  child.disconnect();
  return child;
};

/** The listening sockets of the front that started this one. */
export const inheritSockets = (): Promise<ListeningHandle[]> =>
  new Promise((resolve) => {
    const handles: ListeningHandle[] = [];
    const receive = ({ sockets }: Bequest, handle: ListeningHandle) => {
      handles.push(handle);
      if (handles.length < sockets) return;
      process.off("message", receive as (message: unknown, handle: unknown) => void);
      resolve(handles);
    };
    process.on("message", receive as (message: unknown, handle: unknown) => void);
  });

/** Tells the front that started this one that it can stop. */
export const tellServing = (): void => void process.send?.(serving);

/** The exit status of a child, as a shell gives it. */
export const exitStatusOf = async (child: ChildProcess): Promise<number> => {
  if (child.exitCode === null && child.signalCode === null) await once(child, "exit");
  return child.exitCode ?? 128 + (child.signalCode ? constants.signals[child.signalCode] : 0);
};
