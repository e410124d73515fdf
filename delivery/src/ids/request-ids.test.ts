import { expect, test } from "vitest";
import { writeCursor } from "../paging.ts";
import { idsOf, replaceIds } from "./request-ids.ts";

const request = () => ({
  params: { id: "order-000001" },
  query: {
    customer_id: "customer-000002",
    cursor: writeCursor({ delivery_date: "2026-03-10", id: "order-000003" }),
  },
  body: {
    notes: "as for order-000001",
    items: [{ product_id: "product-000004", quantity: 1 }],
    order_id: null,
    customer_ids: ["customer-000002", "customer-000006"],
  },
  login: { id: "user-000005", name: "order-000001", customer_id: "customer-000002" },
});

test("ids are found in path, query, cursor, nested body and login, and in no other text", () => {
  expect([...idsOf(request())].sort()).toEqual([
    "customer-000002",
    "customer-000006",
    "order-000001",
    "order-000003",
    "product-000004",
    "user-000005",
  ]);
});

test("ids are replaced where they were found, and all else stays", () => {
  const changed = request();
  const current = ["order-000001", "order-000003", "product-000004", "customer-000002"] as const;
  replaceIds(changed, new Map(current.map((id, n) => [id, `new_${n}`])));
  expect(changed).toEqual({
    params: { id: "new_0" },
    query: { customer_id: "new_3", cursor: writeCursor({ delivery_date: "2026-03-10", id: "new_1" }) },
    body: {
      notes: "as for order-000001",
      items: [{ product_id: "new_2", quantity: 1 }],
      order_id: null,
      customer_ids: ["new_3", "customer-000006"],
    },
    login: { id: "user-000005", name: "order-000001", customer_id: "new_3" },
  });
});

test.each([
  ["an id alone", writeCursor({ id: "order-000001" }), ["order-000001"]],
  ["no position", "not a cursor", []],
  ["a number", writeCursor({ id: 1 }), []],
  ["no fields", writeCursor({}), []],
])("reads a cursor of %s", (_, cursor, ids) => {
  const asked = { params: {}, query: { cursor }, body: null, login: null };
  expect([...idsOf(asked)]).toEqual(ids);
  replaceIds(asked, new Map());
  expect(asked.query.cursor).toBe(cursor);
});
