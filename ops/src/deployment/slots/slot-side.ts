import { rmSync } from "node:fs";
import type { Server } from "node:http";
import { defineFailure } from "../../core/failure.ts";
import { thisProcess } from "../../core/process-lease.ts";
import { prepareSockets } from "../front/index.ts";
import type { Slot } from "../traffic/traffic-switch.ts";
import { peerOfFront, peerOfProxy, setPeerAddresses } from "./peer-address.ts";
import { readLaunch, readProcess, writeProcess } from "./records.ts";

/** Longer than the front keeps idle connections: the front closes them, and no request meets a closed one. */
const idleTimeoutMs = 75_000;

const slotTaken = defineFailure({
  code: "EB_SLOT_TAKEN",
  status: 409,
  exitStatus: 5,
  detail: "Process {pid} runs in the slot {slot}.",
  remedy: "Stop it, or use the other slot.",
});

/** Where a service in a slot listens. */
export interface SlotListening {
  /** Path of the unix socket. */
  readonly path: string;
  /** The address of the front, for people. */
  readonly url: string;
  /** Prepares a server to listen on `path`: it sees the addresses of clients as if they had connected to it. */
  attach(server: Server): void;
}

/** This process as a slot. */
export interface OccupiedSlot {
  listening: SlotListening;
  /**
   * Tells the front that the service serves. If the slot was stopped meanwhile, the process stops as after a SIGTERM.
   *
   * @param apiVersions dates of the API versions that it has
   * @returns whether the service uses the socket of the slot
   */
  ready(greeting: string, apiVersions?: readonly string[]): Promise<boolean>;
}

/**
 * Makes this process the slot of a data directory.
 *
 * @param isBehindFront false if another program sends the requests, such as HAProxy
 * @throws Failure EB_SLOT_TAKEN
 */
export const occupySlot = async (
  dataDir: string,
  slot: Slot,
  url: string,
  { isBehindFront = true }: { isBehindFront?: boolean } = {},
): Promise<OccupiedSlot> => {
  const path = (await prepareSockets(dataDir)).slot(slot);
  const owner = thisProcess();
  const other = await readProcess(dataDir, slot);
  if (other && other.owner.pid !== owner.pid) throw slotTaken({ pid: other.owner.pid, slot });
  await writeProcess(dataDir, slot, { owner });
  let isFronted = false;
  return {
    listening: {
      path,
      url,
      attach: (server) => {
        isFronted = true;
        // Left behind by a process that was killed.
        rmSync(path, { force: true });
        server.keepAliveTimeout = idleTimeoutMs;
        setPeerAddresses(server, isBehindFront ? peerOfFront : peerOfProxy);
      },
    },
    ready: async (greeting, apiVersions = []) => {
      const ready = { greeting, url, isFronted, apiVersions: [...apiVersions] };
      await writeProcess(dataDir, slot, { owner, ready });
      // A stop before this process had a record did not see it. Record first, then look: a stop does the reverse.
      if (!(await readLaunch(dataDir, slot))) process.kill(process.pid, "SIGTERM");
      return isFronted;
    },
  };
};
