import { afterAll, beforeAll, describe, expect, test } from "vitest";
import { type Api, reapply, rollBack, startApi } from "../../../test/support/api.ts";

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

describe("staff says whose login it is", () => {
  const link = "POST /api/customers/cst_chitra/link";
  const unlink = "POST /api/customers/cst_chitra/unlink";
  const links = async () =>
    (
      await api.pool.query(
        "select c.user_id, u.customer_id, u.verified_at is not null as verified from customers c, users u where c.id = 'cst_chitra' and u.id = 'usr_new'",
      )
    ).rows[0];

  test("links a customer and a login, takes them apart, and the ledger records both", async () => {
    await api.pool.query(`insert into users (id, email, name, password_hash, role, verified_at)
      values ('usr_new', 'new@example.com', 'New', 'x', 'customer', null)`);
    const body = { user_id: "usr_new" };
    expect(await api.ask(link, { as: "support", body })).toMatchObject({ user_id: "usr_new" });
    expect(await links()).toEqual({ user_id: "usr_new", customer_id: "cst_chitra", verified: true });
    await api.ask(link, { as: "support", body });
    const result = { user: "usr_new", customer: "cst_chitra" };
    expect(await api.engine.readLedger({ limit: 1 })).toMatchObject([{ action: "login-linked", result }]);
    await api.ask(unlink, { as: "operator" });
    expect(await links()).toEqual({ user_id: null, customer_id: null, verified: false });
    expect(await api.engine.readLedger({ limit: 1 })).toMatchObject([{ action: "login-unlinked", result }]);
  });

  test.each([
    ["a login of the staff", link, { user_id: "usr_support" }, [409, "EB_NO_CUSTOMERS_LOGIN"]],
    ["a login of nobody", link, { user_id: "usr_none" }, [409, "EB_NO_CUSTOMERS_LOGIN"]],
    ["the login of another customer", link, { user_id: "usr_binod" }, [409, "EB_LINKED_OTHERWISE"]],
    [
      "a customer who has another",
      link.replace("chitra", "asha"),
      { user_id: "usr_new" },
      [409, "EB_LINKED_OTHERWISE"],
    ],
    ["no customer", link.replace("chitra", "none"), { user_id: "usr_new" }, [404, "EB_CUSTOMER_NOT_FOUND"]],
    ["a customer without login from it", unlink, undefined, [409, "EB_CUSTOMER_NOT_LINKED"]],
  ])("does not link or unlink %s", async (_, route, body, refused) => {
    expect(await api.refusal(route, { as: "admin", body })).toEqual(refused);
  });

  test("what staff took apart stays apart when step 21 is re-applied, and waits while it is rolled back", async () => {
    await api.pool.query(
      "update users set phone = (select phone from customers where id = 'cst_chitra') where id = 'usr_new'",
    );
    await api.ask(link, { as: "support", body: { user_id: "usr_new" } });
    await api.ask(unlink, { as: "support" });
    await rollBack(api, 21);
    expect(await api.refusal(link, { as: "support", body: { user_id: "usr_new" } })).toEqual([
      409,
      "EB_LINKS_ROLLED_BACK",
    ]);
    expect(await api.refusal(unlink, { as: "support" })).toEqual([409, "EB_LINKS_ROLLED_BACK"]);
    await api.pool.query("update users set name = 'Newer' where id = 'usr_new'");
    await reapply(api, 21);
    expect(await links()).toMatchObject({ user_id: null, customer_id: null });
  });
});
