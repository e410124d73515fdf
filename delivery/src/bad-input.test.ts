import { afterAll, beforeAll, expect, test } from "vitest";
import { type Api, startApi } from "../../test/support/api.ts";
import { access } from "./access.ts";

let api: Api;

beforeAll(async () => {
  api = await startApi();
});

afterAll(() => api.stop());

const loneSurrogate = "\ud800";

const nasty: unknown[] = [
  null,
  "\0",
  loneSurrogate,
  "'; drop table users; --",
  "x".repeat(10_000),
  "",
  -1,
  0.5,
  1e308,
  true,
  [],
  [null],
  {},
  { $ne: null },
  "2026-02-30",
  "9999-12-31",
  "ord_00000000-0000-7000-8000-000000000000",
];

const fields = [
  "customer_id",
  "delivery_date",
  "items",
  "order_id",
  "product_id",
  "quantity",
  "date",
  "period",
  "email",
  "password",
  "name",
  "status",
  "until",
  "price_paise",
];

/** Bodies in which one field at a time goes wrong. */
const valid: Record<string, object> = {
  "POST /api/orders": {
    customer_id: "cst_asha",
    delivery_date: "2026-03-11",
    items: [{ product_id: "prd_milk", quantity: 1 }],
  },
  "POST /api/subscriptions": {
    customer_id: "cst_asha",
    product_id: "prd_milk",
    quantity: 1,
    schedule: "daily",
  },
  "POST /api/deliveries/confirm": {
    order_id: "ord_1",
    items: [{ product_id: "prd_milk", delivered_qty: 1 }],
  },
  "POST /api/products": { name: "Tea", category: "dry", unit: "kg", price_paise: 1 },
  "POST /api/customers": { name: "Ila", phone: "+91 98450 1", address: "1 Street", area: "Here" },
};

/** What can stand in a path or a query. */
const texts = nasty.flatMap((value) =>
  typeof value === "string" && value !== loneSurrogate
    ? [encodeURIComponent(value.slice(0, 300)) || "%20"]
    : [],
);

test.each(Object.keys(access))("%s never answers bad input with a server error", async (route) => {
  const base = valid[route] ?? {};
  const bodies = [
    ...nasty,
    ...fields.flatMap((field) => nasty.map((value) => ({ ...base, [field]: value }))),
    ...nasty.map((value) => ({ ...base, items: [{ product_id: value, quantity: 1, delivered_qty: value }] })),
  ];
  const somewhere = route.replace(/:\w+/, "x");
  const faults: unknown[] = [];
  const send = async (to: string, body?: unknown) => {
    const headers = { "content-type": "application/json" };
    const answer = await api.send(to, { as: "admin", headers, body: JSON.stringify(body) });
    if (answer.statusCode >= 500) faults.push([to, body]);
  };
  for (const text of texts) {
    await send(route.replace(/:\w+/, text));
    await send(`${somewhere}?cursor=${text}&status=${text}`);
  }
  if (!route.startsWith("GET")) for (const body of bodies) await send(somewhere, body);
  expect(faults).toEqual([]);
});
