import { once } from "node:events";
import { type AddressInfo, connect } from "node:net";
import { createPool } from "@earlybird-ops/platform/database";
import { RollbackManager } from "@earlybird-ops/platform/rollback";
import { afterAll, beforeAll, expect, test } from "vitest";
import { quiet } from "../../../../test/support/delivery.ts";
import { createShelf, type Shelf } from "../../../../test/support/shelf.ts";
import { shelfChanges } from "../../../../test/support/shelf-changes.ts";
import { createShelfServer, type ShelfServer } from "../../../../test/support/shelf-server.ts";

const loans = 80_000;

let shelf: Shelf;
/** Two processes of one service: the first carries operations out, the second only sees the database. */
let doing: ShelfServer;
let seeing: ShelfServer;
let otherPool: Shelf["pool"];
beforeAll(async () => {
  shelf = await createShelf();
  await shelf.pool.query(`
    insert into loans (id, title, state, book_id, state_before)
      select n, 'Lost World', 'closed', 3, 'out' from generate_series(1001, ${1000 + loans}) n;
    analyze loans;
    create function dawdle(id integer) returns boolean language plpgsql as
      $$ begin if id % 8000 = 0 then perform pg_sleep(0.15); end if; return true; end $$;
    alter table loans add constraint dawdle check (dawdle(id)) not valid`);
  otherPool = createPool(shelf.url);
  const manager = new RollbackManager({ pool: otherPool, changes: shelfChanges, log: quiet });
  doing = await createShelfServer(shelf);
  seeing = await createShelfServer({ ...shelf, pool: otherPool, manager });
  for (const { app } of [doing, seeing]) await app.listen({ port: 0, host: "127.0.0.1" });
}, 60_000);
afterAll(async () => {
  await doing?.app.close();
  await seeing?.app.close();
  await otherPool?.end();
  await shelf?.drop();
});

const portOf = ({ app }: ShelfServer) => (app.server.address() as AddressInfo).port;

const ask = (server: ShelfServer, path: string, init: RequestInit = {}) =>
  fetch(`http://127.0.0.1:${portOf(server)}/api/rollback${path}`, {
    ...init,
    headers: { authorization: "Bearer admin", "content-type": "application/json", ...init.headers },
  });

const move = (path: string, signal?: AbortSignal) =>
  ask(doing, path, {
    method: "POST",
    body: JSON.stringify({ reason: "practice" }),
    ...(signal && { signal }),
  });

/** Until an operation runs; its id. */
const running = async (): Promise<string> => {
  for (;;) {
    const { operation } = await shelf.manager.getOverview();
    if (operation?.state === "running") return operation.id;
  }
};

interface Message {
  event: string;
  id?: string;
  // biome-ignore lint/suspicious/noExplicitAny: as JSON comes
  data: any;
}

/** Reads a stream of server-sent events to its end. */
const follow = async (server: ShelfServer, id: string, headers: Record<string, string> = {}) => {
  const response = await ask(server, `/operations/${id}/events`, { headers });
  expect(response.headers.get("content-type")).toContain("text/event-stream");
  const text = await response.text();
  return text
    .split("\n\n")
    .filter((block) => block.includes("event: "))
    .map((block) => {
      const fields = Object.fromEntries(block.split("\n").map((line) => line.split(/: (.*)/s).slice(0, 2)));
      return { ...fields, data: JSON.parse(fields.data) } as Message;
    });
};

test("another process tells how a long step goes on, each step, and the end", async () => {
  const answer = move("/steps/2/rollback");
  const id = await running();
  const messages = await follow(seeing, id);
  const progress = messages.filter(({ event }) => event === "progress").map(({ data }) => data);
  expect(progress.length).toBeGreaterThanOrEqual(2);
  const counts = progress.map(({ rows_done }) => rows_done);
  expect(counts).toEqual([...counts].sort((a, b) => a - b));
  expect(counts.some((rows) => rows > 0 && rows <= loans + 4)).toBe(true);
  expect(progress[0]).toMatchObject({ step: 2, rows_per_second: expect.any(Number) });
  expect(progress[0].rows_in_all).toBeGreaterThan(loans / 2);
  const [step, end, ...rest] = messages.slice(progress.length);
  expect(rest).toEqual([]);
  expect(step).toMatchObject({ event: "step", id: "1", data: { step: 2, rows: expect.any(Array) } });
  expect(end).toMatchObject({ event: "end", data: { operation: { id, state: "completed" }, failure: null } });
  expect((await answer).status).toBe(200);
  expect((await shelf.manager.getOperationDetails(id)).progress).toBeNull();
  // Who comes back with the last event it has seen does not get it twice.
  expect((await follow(doing, id, { "last-event-id": "1" })).map(({ event }) => event)).toEqual(["end"]);
}, 30_000);

test("a client that goes away does not stop an operation, and watching counts with the time to its beginning", async () => {
  const leaving = new AbortController();
  const left = move("/steps/2/reapply", leaving.signal).catch((error: Error) => error.name);
  const id = await running();
  leaving.abort();
  expect(await left).toBe("AbortError");
  const messages = await follow(doing, id);
  expect(messages.at(-1)).toMatchObject({ event: "end", data: { operation: { state: "completed" } } });
  const watched = doing.monitoring.performance
    .endpoints()
    .find(({ route }) => route === "/api/rollback/operations/:id/events");
  expect(watched).toMatchObject({ requests: 2, errors: 0 });
  expect(watched?.max_ms).toBeLessThan(1_000);
}, 30_000);

test("an operation whose process has died ends as interrupted", async () => {
  const { rows } = await shelf.pool.query(`insert into earlybird.operations
    (kind, steps, state, requested_by, origin, started_at) values ('rollback', '{2}', 'running', 'x', 'x', now()) returning id`);
  expect(await follow(seeing, String(rows[0].id))).toMatchObject([
    { event: "end", data: { operation: { state: "interrupted" } } },
  ]);
});

test("a server that stops closes its event streams, and the operation continues", async () => {
  const stopping = await createShelfServer({ ...shelf, pool: otherPool });
  await stopping.app.listen({ port: 0, host: "127.0.0.1" });
  const answer = move("/steps/2/rollback");
  const id = await running();
  const client = connect(portOf(stopping), "127.0.0.1");
  client.write(
    `GET /api/rollback/operations/${id}/events HTTP/1.1\r\nhost: x\r\nauthorization: Bearer operator\r\n\r\n`,
  );
  await once(client, "data");
  await stopping.app.close();
  expect((await shelf.manager.getOverview()).operation?.state).toBe("running");
  client.destroy();
  expect((await answer).status).toBe(200);
}, 30_000);
