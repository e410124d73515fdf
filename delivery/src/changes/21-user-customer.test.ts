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

test("whoever takes a customer's other address for a login gets their own login by it, and nobody else's", async () => {
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
