import pg from "pg";
import { connectionSettings } from "../../database/connection-settings.ts";

/** A connection that speaks the replication protocol. */
export interface Replication {
  readonly client: pg.Client;
  /** Runs a command that answers with a COPY stream, and yields its messages. Reading pauses while they are not taken. */
  copy(command: string): AsyncGenerator<Buffer>;
  /** Sends a message while a COPY stream runs. */
  send(message: Buffer): void;
  close(): void;
}

/** What is used of the connection of a client, which its types do not declare. */
interface Wire {
  query(text: string): void;
  sendCopyFromChunk(chunk: Buffer): void;
  readonly stream: { pause(): void; resume(): void; destroy(): void };
}

/** Opens a replication connection to the database of a pool. Ordinary queries are possible, too. */
export const openReplication = async (pool: pg.Pool): Promise<Replication> => {
  const settings = {
    ...connectionSettings(pool),
    replication: "database",
    application_name: "earlybird backup",
  };
  const client = new pg.Client(settings);
  client.on("error", () => undefined);
  await client.connect();
  const wire = (client as unknown as { connection: Wire }).connection;
  return {
    client,
    copy: (command) => copyFrom(client, command),
    send: (message) => wire.sendCopyFromChunk(message),
    // Not `end`: a stream that is still running would have to be read to its end.
    close: () => wire.stream.destroy(),
  };
};

const queuedBytes = 4_194_304;

const copyFrom = async function* (client: pg.Client, command: string): AsyncGenerator<Buffer> {
  const queue: Buffer[] = [];
  let bytes = 0;
  let wire: Wire | undefined;
  let end: { error?: Error } | undefined;
  let wake = () => {};
  const finish = (error?: Error) => {
    end ??= error ? { error } : {};
    wake();
  };
  const ignore = () => undefined;
  const query = {
    submit: (connection: Wire) => {
      wire = connection;
      connection.query(command);
    },
    handleCopyData: ({ chunk }: { chunk: Buffer }) => {
      // A copy: the parser reuses its buffer.
      queue.push(Buffer.from(chunk));
      bytes += chunk.length;
      if (bytes > queuedBytes) wire?.stream.pause();
      wake();
    },
    handleRowDescription: ignore,
    handleDataRow: ignore,
    handleCommandComplete: ignore,
    handleEmptyQuery: ignore,
    handleError: finish,
    handleReadyForQuery: () => finish(),
  };
  client.query(query as unknown as pg.Submittable);
  for (;;) {
    const next = queue.shift();
    if (next) {
      bytes -= next.length;
      if (bytes <= queuedBytes / 2) wire?.stream.resume();
      yield next;
    } else if (end) {
      if (end.error) throw end.error;
      return;
    } else {
      await new Promise<void>((resolve) => {
        wake = resolve;
      });
    }
  }
};
