import { afterAll, beforeAll, beforeEach, expect, test } from "vitest";
import { createShelf, type Shelf } from "../../../../test/support/shelf.ts";
import { createShelfServer, type ShelfServer } from "../../../../test/support/shelf-server.ts";
import { prefersAsync } from "./respond-async.ts";

let shelf: Shelf;
let server: ShelfServer;
beforeAll(async () => {
  shelf = await createShelf();
  server = await createShelfServer(shelf);
});
beforeEach(() => shelf.manager.reapplySteps(1, 3, { requestedBy: "test", origin: "test" }));
afterAll(async () => {
  await server?.app.close();
  await shelf?.drop();
});

const post = async (path: string, payload: object = {}, prefer = "respond-async") => {
  const response = await server.app.inject({
    method: "POST",
    url: `/api/rollback${path}`,
    headers: { authorization: "Bearer admin", prefer },
    payload,
  });
  return { status: response.statusCode, headers: response.headers, body: response.json() };
};

const operation = async (id: string) =>
  (await server.send(`GET /api/rollback/operations/${id}`, "operator")).body;

test.each([
  [undefined, false],
  ["respond-async", true],
  ["Respond-Async; wait=10", true],
  ["wait=5, respond-async", true],
  ["respond-async-later", false],
  ["return=minimal", false],
])("the preference %j: %s", (header, prefers) => {
  expect(prefersAsync(header)).toBe(prefers);
});

test("a move that has begun is answered by its id, continues, and ends", async () => {
  const { status, headers, body } = await post("/steps/2/rollback", { reason: "practice" });
  expect(status).toBe(202);
  expect(headers).toMatchObject({
    "preference-applied": "respond-async",
    location: `/api/rollback/operations/${body.operation.id}`,
  });
  await expect.poll(() => operation(body.operation.id)).toMatchObject({ state: "completed", steps: [2] });
  expect(await post("/range", { from: 2, to: 3, direction: "reapply" })).toMatchObject({ status: 202 });
});

test("a refusal, and a move that is not needed, are the response", async () => {
  expect(await post("/steps/2/rollback")).toMatchObject({ status: 428, body: { code: "EB_REASON_MISSING" } });
  const { status, headers, body } = await post("/steps/2/reapply");
  expect([status, body.operation]).toEqual([200, null]);
  expect(headers["preference-applied"]).toBeUndefined();
});

test("without the preference, the response is the result", async () => {
  const done = await post("/steps/2/rollback", { reason: "practice" }, "return=minimal");
  expect(done).toMatchObject({ status: 200, body: { operation: { state: "completed" } } });
});

test("an operation that fails is resumed in the background, too", async () => {
  await shelf.pool.query("alter table loans add constraint refuse check (state <> 'out') not valid");
  const { body } = await post("/range", { from: 2, to: 3, reason: "practice", acknowledge: "no rules" });
  const { id } = body.operation;
  await expect.poll(() => operation(id)).toMatchObject({ state: "failed", receipts: [{ step: 3 }] });
  expect((await operation(id)).actions).toEqual([
    { action: "resume", refused: null },
    { action: "abort", refused: null },
  ]);
  await shelf.pool.query("alter table loans drop constraint refuse");
  expect(await post(`/operations/${id}/resume`)).toMatchObject({ status: 202, body: { operation: { id } } });
  await expect.poll(() => operation(id)).toMatchObject({ state: "completed" });
});

test("a server that stops waits for the moves that it has begun", async () => {
  const stopping = await createShelfServer(shelf);
  const response = await stopping.app.inject({
    method: "POST",
    url: "/api/rollback/steps/2/rollback",
    headers: { authorization: "Bearer admin", prefer: "respond-async" },
    payload: { reason: "practice" },
  });
  await stopping.app.close();
  expect(await operation(response.json().operation.id)).toMatchObject({ state: "completed" });
});
