import { afterAll, beforeAll, expect, test } from "vitest";
import { createShelf, type Shelf } from "../../../../test/support/shelf.ts";
import { createShelfServer, type ShelfServer } from "../../../../test/support/shelf-server.ts";

let shelf: Shelf;
let server: ShelfServer;
beforeAll(async () => {
  shelf = await createShelf();
  server = await createShelfServer(shelf);
  const { manager } = shelf;
  const ada = { requestedBy: "Ada (u1)", origin: "test", reason: 'says "no", [7] \\ or so' };
  const ben = { requestedBy: 'Ben "B\\" (u5)', origin: "test" };
  await manager.rollbackStep(2, ada);
  await manager.rollbackStep(1, ben);
  await manager.rollbackStep(3, ben).catch(() => undefined);
  await manager.reapplySteps(1, 2, ben);
  await manager.recordEvent({ action: "role-change", operator: "Ada (u1)", origin: "test", at: new Date() });
});
afterAll(async () => {
  await server?.app.close();
  await shelf?.drop();
});

const get = async (path: string) => (await server.send(`GET /api/rollback${path}`, "operator")).body;

/** The pages of a list, each as the numbers of its items. */
const pages = async (path: string, list: "operations" | "entries") => {
  const read: string[] = [];
  for (let before = ""; ; ) {
    const page = await get(`${path}${before}`);
    read.push(page[list].map(({ id, seq }: { id?: string; seq?: number }) => id ?? seq).join(" "));
    if (page.next === null) return read;
    before = `&before=${page.next}`;
  }
};

test("operations and ledger entries come in pages that end", async () => {
  expect(await pages("/operations?limit=2", "operations")).toEqual(["4 3", "2 1"]);
  expect(await pages("/operations?limit=3", "operations")).toEqual(["4 3 2", "1"]);
  expect(await pages("/operations?limit=2&step=2", "operations")).toEqual(["4 2", "1"]);
  expect(await pages("/audit?limit=4", "entries")).toEqual(["9 8 7 6", "5 4 3 2", "1"]);
  expect(await pages("/audit?limit=2&step=1", "entries")).toEqual(["7 5", "1"]);
});

test.each([
  ["step=2", "4 2 1"],
  ["step=3", "1"],
  ["action=rollback", "3 2"],
  ["action=reapply&step=1", "4"],
  ["operator=ADA", "2"],
  ["operator=u5", "4 3"],
  ["operator=%25", ""],
])("operations with %s: %s", async (query, ids) => {
  expect(await pages(`/operations?${query}`, "operations")).toEqual([ids]);
});

test.each([
  ["action=rollback", "6 5 4"],
  ["action=rollback.refused", "6"],
  ["action=roll", ""],
  ["action=role-change", "9"],
  ["step=3", "6 3"],
  ["step=7", ""],
  ["operator=ben%20%22b%5C%22", "8 7 6 5"],
  ["operator=ada&action=rollback&step=2", "4"],
  ["operator=%25", ""],
])("ledger entries with %s: %s", async (query, seqs) => {
  expect(await pages(`/audit?${query}`, "entries")).toEqual([seqs]);
});

test.each(["/operations?action=purge", "/operations?step=x", "/audit?step=0", "/audit?colour=red"])(
  "%s is refused",
  async (path) => {
    expect(await get(path)).toMatchObject({ code: "EB_INVALID_REQUEST" });
  },
);
