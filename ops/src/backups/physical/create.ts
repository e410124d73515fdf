import type pg from "pg";
import type { Manifest } from "../manifest.ts";
import { findRestMoment } from "../rest-moment.ts";
import type { PartFolder } from "../storage/part.ts";
import { type OnBytes, writeBaseBackup } from "./base-backup.ts";
import { formatLsn, parseLsn } from "./lsn.ts";
import { openReplication } from "./replication.ts";
import { startWalStream } from "./wal-stream.ts";

/** What a way of making backups adds to a manifest. */
export type Contents = Pick<Manifest, "parts" | "wal" | "fingerprint" | "roles">;

/**
 * Copies the files of the server while it is written to, with the log from before the copy up to a moment of rest after
 * it, whose fingerprint is read from a snapshot.
 */
export const createPhysical = async (
  pool: pg.Pool,
  folder: PartFolder,
  { label, onBytes }: { label: string; onBytes: OnBytes },
): Promise<Contents> => {
  const log = await openReplication(pool);
  try {
    const stream = await startWalStream(log, folder);
    try {
      const parts = await whileStreaming(stream.ended, copyFiles(pool, folder, { label, onBytes }));
      const moment = await findRestMoment(pool);
      const last = moment?.after ?? (await flushedPosition(pool));
      const { part, end } = await stream.endAt(parseLsn(last)).finally(() => moment?.close());
      const { timeline, segmentBytes, start } = stream;
      return {
        parts: [...parts, part],
        wal: {
          timeline,
          start: formatLsn(start),
          end: formatLsn(end),
          segment_bytes: segmentBytes,
          target: moment?.lsn ?? null,
        },
        fingerprint: moment?.fingerprint ?? null,
        roles: [],
      };
    } catch (error) {
      await stream.stop();
      throw error;
    }
  } finally {
    log.close();
  }
};

const copyFiles = async (pool: pg.Pool, folder: PartFolder, request: { label: string; onBytes: OnBytes }) => {
  const replication = await openReplication(pool);
  try {
    return await writeBaseBackup(replication, folder, request);
  } finally {
    replication.close();
  }
};

/** Fails at once if streaming does. */
const whileStreaming = async <T>(streaming: Promise<void>, work: Promise<T>): Promise<T> => {
  const broken = streaming.then(() => {
    throw new Error("the server ended the stream of its log");
  });
  broken.catch(() => undefined);
  return Promise.race([work, broken]);
};

const flushedPosition = async (pool: pg.Pool): Promise<string> => {
  const { rows } = await pool.query<{ lsn: string }>("select pg_current_wal_flush_lsn() as lsn");
  return rows[0]?.lsn ?? "0/0";
};
