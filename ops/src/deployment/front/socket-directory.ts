import { createHash } from "node:crypto";
import { chmod, lstat, mkdir } from "node:fs/promises";
import { tmpdir, userInfo } from "node:os";
import { join, resolve } from "node:path";
import { defineFailure } from "../../core/failure.ts";
import type { Slot } from "../traffic/traffic-switch.ts";

/** The address of a unix socket holds 104 bytes on macOS and 108 on Linux, the final zero included. */
const longestPathBytes = 103;
const longestName = "front.sock";

const directoryNotOurs = defineFailure({
  code: "EB_SOCKET_DIRECTORY",
  status: 500,
  exitStatus: 2,
  detail: "{directory} belongs to another user or is open to others.",
  remedy: "Remove it, or set EARLYBIRD_DATA_DIR to a shorter path.",
});

/** The unix sockets of a data directory. */
export interface SocketPaths {
  /** Of the control of the front. */
  control: string;
  slot: (slot: Slot) => string;
}

/**
 * The paths of the sockets: in the data directory, or in a private directory of the system's temporary one if that path
 * is too long for a socket.
 */
export const socketPaths = (dataDir: string): SocketPaths => {
  const directory = socketDirectory(dataDir);
  return { control: join(directory, longestName), slot: (slot) => join(directory, `${slot}.sock`) };
};

const socketDirectory = (dataDir: string): string => {
  const inside = join(resolve(dataDir), "slots");
  if (Buffer.byteLength(join(inside, longestName)) <= longestPathBytes) return inside;
  const name = createHash("sha256").update(resolve(dataDir)).digest("hex").slice(0, 16);
  return join(tmpdir(), `earlybird-${userInfo().uid}-${name}`);
};

/**
 * Creates the directories of sockets, records and logs, for this user only.
 *
 * @throws Failure EB_SOCKET_DIRECTORY
 */
export const prepareSockets = async (dataDir: string): Promise<SocketPaths> => {
  const directory = socketDirectory(dataDir);
  for (const path of new Set([join(resolve(dataDir), "slots"), directory])) {
    await mkdir(path, { recursive: true, mode: 0o700 });
    const { uid } = await lstat(path);
    if (uid !== process.getuid?.()) throw directoryNotOurs({ directory: path });
    await chmod(path, 0o700);
  }
  return socketPaths(dataDir);
};
