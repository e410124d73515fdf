import { randomBytes } from "node:crypto";
import pg from "pg";
import type { Part } from "../manifest.ts";
import { openPart, type PartFolder } from "../storage/part.ts";
import { formatLsn, type Lsn, parseLsn, segmentStart } from "./lsn.ts";
import type { Replication } from "./replication.ts";

/** The write-ahead log of a server from before a base backup, as one part. */
export interface WalStream {
  readonly timeline: number;
  readonly segmentBytes: number;
  readonly start: Lsn;
  /** Resolves when the log up to a position is on disk. */
  endAt(lsn: Lsn): Promise<{ part: Part; end: Lsn }>;
  /** Settles when streaming ends; rejects if it fails. */
  readonly ended: Promise<void>;
  stop(): Promise<void>;
}

/**
 * Starts to stream the log. A temporary replication slot keeps it on the server until it is received, however long the
 * base backup takes; it ends with the connection.
 */
export const startWalStream = async (replication: Replication, folder: PartFolder): Promise<WalStream> => {
  const { client } = replication;
  const slot = `earlybird_backup_${randomBytes(6).toString("hex")}`;
  // The slot begins at the last checkpoint: after a new one, less log is needed. A role that may not make one goes without.
  await client.query("CHECKPOINT").catch(() => undefined);
  await client.query(`CREATE_REPLICATION_SLOT ${slot} TEMPORARY PHYSICAL RESERVE_WAL`);
  const { rows } = await client.query<{ restart_lsn: string; segment: string }>(
    `select restart_lsn, (select setting from pg_settings where name = 'wal_segment_size') as segment
     from pg_replication_slots where slot_name = ${pg.escapeLiteral(slot)}`,
  );
  const identified = await client.query<{ timeline: number }>("IDENTIFY_SYSTEM");
  const [row] = rows;
  if (!row) throw new Error("the replication slot is gone");
  const segmentBytes = Number(row.segment);
  const timeline = Number(identified.rows[0]?.timeline);
  const start = segmentStart(parseLsn(row.restart_lsn), segmentBytes);
  const writer = openPart(folder, { file: "wal.gz", kind: "wal" });
  let position = start;
  let goal: Lsn | undefined;
  const isReached = () => goal !== undefined && position >= goal;
  const receive = async () => {
    const command = `START_REPLICATION SLOT ${slot} PHYSICAL ${formatLsn(start)} TIMELINE ${timeline}`;
    for await (const message of replication.copy(command)) {
      if (isLogData(message)) {
        if (message.readBigUInt64BE(1) !== position) throw new Error("the log has a gap");
        const data = message.subarray(dataOffset);
        await writer.write(data);
        position += BigInt(data.length);
      }
      replication.send(statusOf(position));
      if (isReached()) return;
    }
  };
  const ended = receive();
  ended.catch(() => undefined);
  return {
    timeline,
    segmentBytes,
    start,
    ended,
    endAt: async (lsn) => {
      goal = lsn;
      // Without news, the server is asked for a sign of life, after which the goal is looked at again.
      replication.send(statusOf(position, true));
      await ended;
      return { part: await writer.end(), end: position };
    },
    stop: async () => {
      replication.close();
      await writer.abandon();
      await ended.catch(() => undefined);
    },
  };
};

const dataOffset = 25;
const isLogData = (message: Buffer): boolean => message[0] === "w".charCodeAt(0);

/** A standby status update: everything up to the position is received, and the server may remove it. */
const statusOf = (position: Lsn, replyRequested = false): Buffer => {
  const message = Buffer.alloc(34);
  message.write("r", 0);
  for (const offset of [1, 9, 17]) message.writeBigUInt64BE(position, offset);
  message.writeUInt8(replyRequested ? 1 : 0, 33);
  return message;
};
