import { afterAll, beforeAll, expect, test } from "vitest";
import { type Api, startApi } from "../../../test/support/api.ts";

let api: Api;

beforeAll(async () => {
  api = await startApi();
});

afterAll(() => api.stop());

const paneer = { name: "Paneer", category: "dairy", unit: "200 g", price_paise: 9_000 };

test("the operator adds a product, prices it anew and takes it off the shelf", async () => {
  const { id } = await api.ask("POST /api/products", { as: "operator", body: paneer });
  const change = (body: object) => api.ask(`PATCH /api/products/${id}`, { as: "operator", body });
  expect(await change({ price_paise: 9_500 })).toMatchObject({ ...paneer, price_paise: 9_500, active: true });
  expect(await change({ active: false })).toMatchObject({ active: false });
  expect(await api.ask(`GET /api/products/${id}`, { as: "supplier" })).toMatchObject({ active: false });
});

test("everybody with a login reads products, page by page", async () => {
  const ids = async (query: string, as = "marketing") =>
    (await api.ask(`GET /api/products?${query}`, { as })).items.map(({ id }: { id: string }) => id);
  expect(await ids("active=true", "customer")).toEqual(["prd_curd", "prd_milk", "prd_news"]);
  expect(await ids("active=false&category=dairy")).toContain("prd_ghee");
  const page = await api.ask("GET /api/products?limit=1&active=true", { as: "supplier" });
  const next = await api.ask(`GET /api/products?limit=5&active=true&cursor=${page.next_cursor}`, {
    as: "supplier",
  });
  expect(next.items.map(({ id }: { id: string }) => id)).toEqual(["prd_milk", "prd_news"]);
  expect(await api.refusal("GET /api/products")).toEqual([401, "EB_UNAUTHENTICATED"]);
});

test.each([
  ["a negative price", { price_paise: -1 }],
  ["half a paisa", { price_paise: 0.5 }],
  ["a price in rupees", { price_paise: "₹ 90" }],
  ["a price past any", { price_paise: 2 ** 53 }],
  ["a field nobody knows", { colour: "white" }],
])("a product with %s is refused", async (_, change) => {
  expect(await api.refusal("POST /api/products", { as: "admin", body: { ...paneer, ...change } })).toEqual([
    400,
    "EB_INVALID_REQUEST",
  ]);
});

test.each(["support", "customer", "supplier", "delivery"])(
  "products are not for the role %s to change",
  async (role) => {
    const body = { price_paise: 1 };
    expect(await api.refusal("PATCH /api/products/prd_milk", { as: role, body })).toEqual([
      403,
      "EB_FORBIDDEN",
    ]);
  },
);

test("a product that does not exist is not found", async () => {
  expect(await api.refusal("GET /api/products/ord_1", { as: "admin" })).toEqual([
    404,
    "EB_PRODUCT_NOT_FOUND",
  ]);
  const body = { price_paise: 1 };
  expect(await api.refusal("PATCH /api/products/ord_1", { as: "admin", body })).toEqual([
    404,
    "EB_PRODUCT_NOT_FOUND",
  ]);
});
