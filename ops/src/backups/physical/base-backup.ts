import pg from "pg";
import type { Part } from "../manifest.ts";
import { openPart, type PartFolder, type PartWriter } from "../storage/part.ts";
import type { Replication } from "./replication.ts";

/** Received bytes, before compression. */
export type OnBytes = (bytes: number) => void;

/**
 * Writes a base backup: an archive of the data directory, one of each tablespace, and PostgreSQL's list of files.
 *
 * PostgreSQL 15 and newer send all of them in one COPY stream, whose messages begin with a letter: `n` a new archive, `d`
 * data, `m` the list of files, `p` progress.
 */
export const writeBaseBackup = async (
  replication: Replication,
  folder: PartFolder,
  { label, onBytes }: { label: string; onBytes: OnBytes },
): Promise<Part[]> => {
  const parts: Part[] = [];
  let writer: PartWriter | undefined;
  const begin = async (next?: Parameters<typeof openPart>[1]) => {
    if (writer) parts.push(await writer.end());
    writer = next && openPart(folder, next);
  };
  // SHA-256: Node has no CRC-32C, the default. Without the log: it is streamed beside, up to a moment that is known exactly.
  const command = `BASE_BACKUP (LABEL ${pg.escapeLiteral(label)}, CHECKPOINT 'fast', WAL false, WAIT true,
    MANIFEST 'yes', MANIFEST_CHECKSUMS 'SHA256', TABLESPACE_MAP true)`;
  try {
    for await (const message of replication.copy(command)) {
      const kind = String.fromCharCode(message[0] ?? 0);
      if (kind === "n") await begin(archiveOf(message));
      else if (kind === "m") await begin({ file: "files.json.gz", kind: "files" });
      else if (kind === "d") {
        await writer?.write(message.subarray(1));
        onBytes(message.length - 1);
      }
    }
    await begin();
    return parts;
  } catch (error) {
    await writer?.abandon();
    throw error;
  }
};

/** The message has the name of the archive and the path of the tablespace, which is empty for the data directory. */
const archiveOf = (message: Buffer): Parameters<typeof openPart>[1] => {
  const [name = "", location = ""] = message.subarray(1).toString("utf8").split("\0");
  const file = `${name}.gz`;
  const oid = /^(\d+)\.tar$/.exec(name)?.[1];
  if (oid !== undefined && location !== "") return { file, kind: "tablespace", oid: Number(oid) };
  return { file, kind: "base" };
};
