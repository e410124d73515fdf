import { spawn } from "node:child_process";
import { once } from "node:events";
import { pipeline } from "node:stream/promises";
import pg from "pg";
import { connectionSettings } from "../../database/connection-settings.ts";
import type { Manifest } from "../manifest.ts";
import type { OnBytes } from "../physical/base-backup.ts";
import type { Contents } from "../physical/create.ts";
import { fingerprintOn, openAlike } from "../rest-moment.ts";
import { openPart, type PartFolder, readPart } from "../storage/part.ts";

const longestReasonBytes = 4_096;

/** Dumps the database with `pg_dump`, and reads its fingerprint from the same snapshot. */
export const createDump = async (
  pool: pg.Pool,
  folder: PartFolder,
  { pgDump, roles, onBytes }: { pgDump: string; roles: readonly string[]; onBytes: OnBytes },
): Promise<Contents> => {
  const client = await openAlike(connectionSettings(pool));
  const writer = openPart(folder, { file: "dump.gz", kind: "dump" });
  try {
    await client.query("begin transaction isolation level repeatable read read only");
    const { rows } = await client.query<{ snapshot: string }>("select pg_export_snapshot() as snapshot");
    // Uncompressed: the part is compressed, like those of other methods.
    const args = ["--format=custom", "--compress=0", `--snapshot=${rows[0]?.snapshot}`, "--no-password"];
    const dump = startProgram(pgDump, args, addressOf(client));
    for await (const chunk of dump.child.stdout) {
      await writer.write(chunk as Buffer);
      onBytes((chunk as Buffer).length);
    }
    await dump.done;
    const fingerprint = await fingerprintOn(client);
    return { parts: [await writer.end()], wal: null, fingerprint, roles: [...roles] };
  } catch (error) {
    await writer.abandon();
    throw error;
  } finally {
    await client.end().catch(() => undefined);
  }
};

/** Restores a dump into an empty database of a server; `superuser` is a role that it already has. */
export const restoreDump = async (
  server: { settingsFor(database: string, user: string): pg.ClientConfig },
  folder: PartFolder,
  { manifest, pgRestore, superuser }: { manifest: Manifest; pgRestore: string; superuser: string },
): Promise<void> => {
  const part = manifest.parts.find(({ kind }) => kind === "dump");
  if (!part) throw new Error("the dump is missing");
  const client = new pg.Client(server.settingsFor("postgres", superuser));
  await client.connect();
  try {
    for (const role of manifest.roles.filter((name) => name !== superuser)) {
      const attributes = role === manifest.server.superuser ? "superuser login" : "login";
      await client.query(`create role ${pg.escapeIdentifier(role)} ${attributes}`);
    }
    if (manifest.database !== "postgres")
      await client.query(`create database ${pg.escapeIdentifier(manifest.database)} template template0`);
  } finally {
    await client.end();
  }
  const target = new pg.Client(server.settingsFor(manifest.database, superuser));
  const restore = startProgram(
    pgRestore,
    ["--exit-on-error", "--no-password", `--dbname=${manifest.database}`],
    addressOf(target),
  );
  // If the program ends early, its own words are the reason.
  await pipeline([...readPart(folder, part), restore.child.stdin]).catch(async (error: unknown) => {
    await restore.done;
    throw error;
  });
  await restore.done;
};

/** The address of a client in the environment: arguments of a program can be read by every user. */
const addressOf = ({ host, port, user, database, password, ssl }: pg.Client): NodeJS.ProcessEnv => ({
  PGHOST: host,
  PGPORT: String(port),
  PGUSER: user ?? "",
  PGDATABASE: database ?? "",
  PGSSLMODE: ssl ? "require" : "prefer",
  ...(typeof password === "string" ? { PGPASSWORD: password } : {}),
});

const startProgram = (program: string, args: readonly string[], address: NodeJS.ProcessEnv) => {
  const child = spawn(program, args, { env: { PATH: process.env.PATH, ...address }, stdio: "pipe" });
  let words = "";
  child.stderr.setEncoding("utf8").on("data", (text: string) => {
    words = `${words}${text}`.slice(-longestReasonBytes);
  });
  const done = once(child, "close").then(([status]) => {
    if (status !== 0) throw new Error(words.trim() || `${program} ended with ${status}`);
  });
  done.catch(() => undefined);
  return { child, done };
};
