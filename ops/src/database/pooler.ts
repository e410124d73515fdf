import { randomUUID } from "node:crypto";
import { once } from "node:events";
import type pg from "pg";
import { defineFailure } from "../core/failure.ts";

const databasePooled = defineFailure({
  code: "EB_DATABASE_POOLED",
  status: 500,
  exitStatus: 2,
  detail:
    "The connection to {where} uses a pooler in transaction mode, which does not support session locks and LISTEN.",
  remedy: "Set DATABASE_DIRECT_URL to the address of the database, or use session pooling.",
});

const notifiedWithinMs = 1_000;

/**
 * Verifies that this connection has a database session of its own for its whole life.
 *
 * A server reports the process ID of its session when a client connects; poolers report one of their own. Only if the
 * two differ, the connection is tested, because a pooler may still pool whole sessions.
 *
 * @param others provides a second connection to the same address
 * @throws Failure EB_DATABASE_POOLED
 */
export const demandDirectConnection = async (client: pg.ClientBase, others: pg.Pool): Promise<void> => {
  const told = (client as { processID?: number | null }).processID;
  const session = await sessionOf(client);
  if (told === session) return;
  if (!(await keepsSession(client, session, others))) throw databasePooled({ where: addressOf(client) });
};

const sessionOf = async (client: pg.ClientBase): Promise<number> => {
  const { rows } = await client.query<{ pid: number }>("select pg_backend_pid() as pid");
  return rows[0]?.pid ?? 0;
};

/** Whether the connection keeps its session while another one is in a transaction, and receives its notification. */
const keepsSession = async (client: pg.ClientBase, session: number, others: pg.Pool): Promise<boolean> => {
  const channel = `earlybird_${randomUUID().replaceAll("-", "")}`;
  const other = await others.connect();
  try {
    await other.query("begin");
    if ((await sessionOf(other)) === session || (await sessionOf(client)) !== session) return false;
    await client.query(`listen ${channel}`);
    const heard = once(client, "notification", { signal: AbortSignal.timeout(notifiedWithinMs) });
    // Prevents an unhandled rejection if a query fails first.
    heard.catch(() => undefined);
    await other.query(`notify ${channel}`);
    await other.query("commit");
    return await heard.then(
      () => true,
      () => false,
    );
  } finally {
    await client.query(`unlisten ${channel}`).catch(() => undefined);
    // The pooler may have left it in any state.
    other.release(true);
  }
};

const addressOf = (client: pg.ClientBase): string => {
  const { host = "the database", port } = client as { host?: string; port?: number };
  return port === undefined ? host : `${host}:${port}`;
};
