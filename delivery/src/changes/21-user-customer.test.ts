import { afterAll, beforeAll, beforeEach, describe, expect, test } from "vitest";
import { type Api, reapply, rollBack, startApi } from "../../../test/support/api.ts";
import { password } from "../../../test/support/business.ts";

let api: Api;

beforeAll(async () => {
  api = await startApi();
});

afterAll(() => api.stop());

beforeEach(() => reapply(api, 19, 30));

const idOf = async (table: string, name: string): Promise<string> =>
  (await api.pool.query(`select id from ${table} where name = $1`, [name])).rows[0].id;

/** A login that was made for a customer, by somebody who wrote past the API. */
const addLogin = async (id: string, email: string): Promise<void> => {
  await api.pool.query(
    `insert into users (id, email, name, password_hash, role)
     select $1, $2, $1, password_hash, 'customer' from users where email = 'customer@example.com'`,
    [id, email],
  );
};

const linkOf = async (email: string): Promise<string | null> =>
  (await api.pool.query("select customer_id from users where email = $1", [email])).rows[0].customer_id;

const addCustomer = (id: string) =>
  api.pool.query("insert into customers (id, name, phone, address, area) values ($1, $1, $1, 'x', 'y')", [
    id,
  ]);

describe("re-applying step 21 finds the login that was made for a customer", () => {
  test("by the id that was current when it was made, whichever is current now", async () => {
    await addCustomer("cst_dev");
    await rollBack(api, 21);
    await rollBack(api, 29);
    const legacy = await idOf("customers", "cst_dev");
    expect(legacy).toMatch(/^customer-\d{6}$/);
    await addLogin("user-900001", "customer-cst_dev@earlybird.local");
    await reapply(api, 21);
    expect(await linkOf("customer-cst_dev@earlybird.local")).toBe(legacy);
  });

  test("by an old id, when ids are new again", async () => {
    await addCustomer("cst_ela");
    await rollBack(api, 21);
    await rollBack(api, 29);
    const email = `customer-${await idOf("customers", "cst_ela")}@earlybird.local`;
    await addLogin("user-900002", email);
    await reapply(api, 29);
    await reapply(api, 21);
    expect(await linkOf(email)).toBe("cst_ela");
  });

  test("and leaves both alone when two logins were made for one customer", async () => {
    await addCustomer("cst_fay");
    await rollBack(api, 21);
    await rollBack(api, 29);
    const legacy = await idOf("customers", "cst_fay");
    const emails = ["customer-cst_fay@earlybird.local", `customer-${legacy}@earlybird.local`] as const;
    await addLogin("user-900003", emails[0]);
    await addLogin("user-900004", emails[1]);
    await reapply(api, 21, 29);
    expect([await linkOf(emails[0]), await linkOf(emails[1])]).toEqual([null, null]);
  });
});

test("a customer logs in by an address with the id of either style, in either state", async () => {
  await addCustomer("cst_gus");
  await rollBack(api, 29);
  const legacy = await idOf("customers", "cst_gus");
  await reapply(api, 29);
  await addLogin("usr_gus", "customer-cst_gus@earlybird.local");
  await api.pool.query("update users set customer_id = 'cst_gus' where id = 'usr_gus'");
  const logIn = async (id: string) => {
    const body = { email: `customer-${id}@earlybird.local`, password };
    return (await api.send("POST /api/auth/login", { body })).statusCode;
  };
  expect([await logIn("cst_gus"), await logIn(legacy), await logIn("customer-777777")]).toEqual([
    200, 200, 401,
  ]);
  await rollBack(api, 29);
  expect([await logIn("cst_gus"), await logIn(legacy), await logIn("cst_nobody")]).toEqual([200, 200, 401]);
});

test("registering with the other address of a customer does not give access to that customer", async () => {
  await addCustomer("cst_hal");
  await rollBack(api, 29);
  const legacy = await idOf("customers", "cst_hal");
  await reapply(api, 29);
  const emails = ["customer-cst_hal@earlybird.local", `customer-${legacy}@earlybird.local`];
  for (const [n, email] of emails.entries()) await addLogin(`usr_hal${n}`, email);
  await api.pool.query("update users set customer_id = 'cst_hal' where id like 'usr_hal%'");
  for (const [n, email] of emails.entries()) {
    const { user } = await api.ask("POST /api/auth/login", { body: { email, password } });
    expect(user.id).toBe(`usr_hal${n}`);
  }
});

describe("take-over through step 21", () => {
  // The links that were written past the API are not mutual.
  beforeAll(() => api.pool.query("update users set customer_id = null where id ~ '^usr_(gus|hal)'"));

  const registration = (changes: object) => ({
    name: "Eve",
    email: "eve@example.com",
    phone: "+91 98450 66666",
    password: "eves password",
    address: "1 Elsewhere",
    area: "x",
    ...changes,
  });
  const register = (changes: object) => api.ask("POST /api/auth/register", { body: registration(changes) });
  const phoneOf = async (id: string): Promise<string> =>
    (await api.pool.query("select phone from customers where id = $1", [id])).rows[0].phone;

  test.each(["customer-cst_chitra@earlybird.local", " Customer-000003@EarlyBird.Local "])(
    "nobody gets the address %s: not by registering, from an admin or with an invitation",
    async (email) => {
      const refused = [400, "EB_INVALID_REQUEST"];
      expect(await api.refusal("POST /api/auth/register", { body: registration({ email }) })).toEqual(
        refused,
      );
      const made = { email, name: "Eve", password: "eves password", role: "support" };
      expect(await api.refusal("POST /api/users", { as: "admin", body: made })).toEqual(refused);
      const accepted = { token: "any", email, name: "Eve", password: "eves password" };
      expect(await api.refusal("POST /api/auth/accept-invitation", { body: accepted })).toEqual(refused);
    },
  );

  test.each([
    "ｃustomer-cst_chitra@earlybird.local",
    "customer-cst_chitra@earlybırd.local",
    "customer-cst_chitra@earlybird.local.",
  ])("nor one that looks like it: %s", async (email) => {
    expect(await api.refusal("POST /api/auth/register", { body: registration({ email }) })).toEqual([
      400,
      "EB_INVALID_REQUEST",
    ]);
  });

  test("a stranger who registers meanwhile with a customer's phone gets the customer made then, also across step 29", async () => {
    await rollBack(api, 21);
    for (const [at, victim] of ["cst_asha", "cst_chitra"].entries())
      await register({ name: `Eve ${at}`, email: `eve${at}@example.com`, phone: await phoneOf(victim) });
    await rollBack(api, 29);
    const own = [await idOf("customers", "Eve 0"), await idOf("customers", "Eve 1")];
    await reapply(api, 21);
    expect([await linkOf("eve0@example.com"), await linkOf("eve1@example.com")]).toEqual(own);
    await reapply(api, 29);
    expect(await linkOf("customer@example.com")).toBe("cst_asha");
    const chitra = await api.ask("GET /api/customers/cst_chitra", { as: "support" });
    expect(chitra.user_id).toBeNull();
  });

  test("a login that nobody verified is linked to nobody by phone or address, and the receipt names it", async () => {
    await rollBack(api, 21);
    await addCustomer("cst_ivy");
    await addCustomer("cst_jon");
    await addLogin("usr_by_phone", "mallory@example.com");
    await addLogin("usr_by_address", "customer-cst_jon@earlybird.local");
    await api.pool.query(
      "update users set phone = 'cst_ivy', verified_at = null where id in ('usr_by_phone', 'usr_by_address')",
    );
    const { steps } = await api.engine.reapplyStep(21, api.operator);
    expect([await linkOf("mallory@example.com"), await linkOf("customer-cst_jon@earlybird.local")]).toEqual([
      null,
      null,
    ]);
    const [warning] = steps[0]?.warnings ?? [];
    expect(warning).toContain("usr_by_phone (not verified)");
    expect(warning).toContain("link each with POST /api/customers/:id/link");
    // The same login links by phone once somebody has verified it.
    await rollBack(api, 21);
    await api.pool.query("update users set verified_at = now() where id = 'usr_by_phone'");
    await reapply(api, 21);
    expect(await linkOf("mallory@example.com")).toBe("cst_ivy");
  });

  test("a login that an admin makes meanwhile for a customer belongs to that customer, and a second one to nobody", async () => {
    await addCustomer("cst_kim");
    await addCustomer("cst_lea");
    await rollBack(api, 21);
    const make = (email: string, customer_id: string) =>
      api.ask("POST /api/users", {
        as: "admin",
        body: { email, name: email, password: "a long password", role: "customer", customer_id },
      });
    await make("kim@example.com", "cst_kim");
    await make("lea1@example.com", "cst_lea");
    await make("lea2@example.com", "cst_lea");
    await reapply(api, 21);
    const links = ["kim@example.com", "lea1@example.com", "lea2@example.com"].map(linkOf);
    expect(await Promise.all(links)).toEqual(["cst_kim", null, null]);
  });
});
