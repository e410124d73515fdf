import { afterAll, beforeAll, expect, test } from "vitest";
import { type Api, startApi } from "../../../test/support/api.ts";

let api: Api;

beforeAll(async () => {
  api = await startApi();
});

afterAll(() => api.stop());

const hema = { name: "Hema 100%", phone: "+91 98450 77777", address: "9 Lake View", area: "Ulsoor" };

test("support adds a customer, who has no login yet", async () => {
  const customer = await api.ask("POST /api/customers", { as: "support", body: hema });
  expect(customer).toMatchObject({ ...hema, status: "active", user_id: null });
  expect(await api.ask(`GET /api/customers/${customer.id}`, { as: "operator" })).toEqual(customer);
});

test("customers are found by area, status and part of a name, page by page", async () => {
  const names = async (query: string) =>
    (await api.ask(`GET /api/customers?${query}`, { as: "support" })).items.map(
      ({ name }: { name: string }) => name,
    );
  expect(await names("area=Indiranagar")).toEqual(["Binod", "Chitra"]);
  expect(await names("name=hIt")).toEqual(["Chitra"]);
  expect(await names("name=%25")).toEqual(["Hema 100%"]);
  expect(await names("status=closed")).toEqual([]);
  const first = await api.ask("GET /api/customers?limit=2&area=Indiranagar", { as: "support" });
  expect(first.next_cursor).toBeNull();
});

test("a customer sees and changes themselves, and nobody else", async () => {
  expect(await api.ask("GET /api/customers/cst_asha", { as: "customer" })).toMatchObject({ name: "Asha" });
  const moved = await api.ask("PATCH /api/customers/cst_asha", {
    as: "customer",
    body: { area: "Koramangala" },
  });
  expect(moved.area).toBe("Koramangala");
  const refused = (route: string, body?: object) => api.refusal(route, { as: "customer", body });
  expect(await refused("GET /api/customers/cst_binod")).toEqual([404, "EB_CUSTOMER_NOT_FOUND"]);
  expect(await refused("PATCH /api/customers/cst_binod", { area: "x" })).toEqual([
    404,
    "EB_CUSTOMER_NOT_FOUND",
  ]);
  expect(await refused("PATCH /api/customers/cst_asha", { status: "closed" })).toEqual([
    403,
    "EB_STATUS_BY_OFFICE",
  ]);
  expect(await refused("GET /api/customers")).toEqual([403, "EB_FORBIDDEN"]);
});

test.each([
  ["an unknown status", { status: "gone" }, 400],
  ["an id", { id: "cst_other" }, 400],
  ["a login", { user_id: "usr_admin" }, 400],
  ["nothing", {}, 400],
  ["an address without end", { address: "a".repeat(301) }, 400],
])("changing %s is refused", async (_, body, status) => {
  expect((await api.send("PATCH /api/customers/cst_binod", { as: "support", body })).statusCode).toBe(status);
});

test("a customer that does not exist is not found", async () => {
  for (const route of ["GET /api/customers/ord_1", "PATCH /api/customers/ord_1"]) {
    const body = route.startsWith("PATCH") ? { area: "x" } : undefined;
    expect(await api.refusal(route, { as: "support", body })).toEqual([404, "EB_CUSTOMER_NOT_FOUND"]);
  }
});
