import { sql } from "kysely";
import { afterAll, beforeAll, expect, test } from "vitest";
import { type Api, rollBack, startApi } from "../../../test/support/api.ts";
import { atOnce } from "../../../test/support/at-once.ts";
import { adminLock } from "../locks.ts";

let api: Api;

beforeAll(async () => {
  api = await startApi();
});

afterAll(() => api.stop());

const newUser = (changes: object = {}) => ({
  email: "farid@example.com",
  name: "Farid",
  password: "milk before sunrise",
  role: "delivery",
  ...changes,
});

const create = (changes: object = {}) => api.send("POST /api/users", { as: "admin", body: newUser(changes) });

test("an admin makes logins, and nobody sees a password's hash", async () => {
  const answer = await create();
  expect([answer.statusCode, answer.json()]).toMatchObject([201, { role: "delivery", active: true }]);
  const list = await api.send("GET /api/users", { as: "operator" });
  expect(answer.body + list.body).not.toMatch(/argon2|password/);
  expect((await create()).json()).toMatchObject({ status: 409, code: "EB_EMAIL_TAKEN" });
});

test("a customer's login belongs to a customer who has none yet", async () => {
  const chitra = { role: "customer", customer_id: "cst_chitra", email: "chitra@example.com" };
  const answers = await atOnce(api.db, sql`select id from customers where id = 'cst_chitra' for update`, [
    () => create(chitra),
    () => create({ ...chitra, email: "other@example.com" }),
  ]);
  expect(answers.map(({ statusCode }) => statusCode).sort()).toEqual([201, 409]);
  const user = answers.find(({ statusCode }) => statusCode === 201)?.json();
  expect(await api.ask("GET /api/customers/cst_chitra", { as: "support" })).toMatchObject({
    user_id: user.id,
  });
  for (const refused of [{ role: "customer" }, { role: "support", customer_id: "cst_chitra" }]) {
    expect((await create({ email: "x@example.com", ...refused })).json().code).toBe("EB_INVALID_REQUEST");
  }
});

test("the list comes in pages and by role", async () => {
  const seen: string[] = [];
  let cursor: string | null = null;
  do {
    const page: { items: { id: string }[]; next_cursor: string | null } = await api.ask(
      `GET /api/users?limit=3${cursor ? `&cursor=${cursor}` : ""}`,
      { as: "admin" },
    );
    seen.push(...page.items.map(({ id }) => id));
    cursor = page.next_cursor;
  } while (cursor);
  const { rows } = await api.pool.query("select id from users order by id");
  expect(seen).toEqual(rows.map(({ id }) => id));
  expect((await api.ask("GET /api/users?role=support", { as: "admin" })).items).toHaveLength(1);
});

test("an admin cannot shut themselves out", async () => {
  for (const body of [{ active: false }, { role: "support" }]) {
    expect(await api.refusal("PATCH /api/users/usr_admin", { as: "admin", body })).toEqual([
      409,
      "EB_NOT_YOURSELF",
    ]);
  }
  const renamed = await api.ask("PATCH /api/users/usr_admin", { as: "admin", body: { name: "Anita" } });
  expect(renamed.name).toBe("Anita");
});

test.each([{ active: false }, { role: "support" }])(
  "last admin: two admins who do %o to each other at once leave one",
  async (body) => {
    const other = await api.ask("POST /api/users", {
      as: "admin",
      body: newUser({ role: "admin", email: `${Object.keys(body)}@example.com` }),
    });
    const { access_token } = await api.ask("POST /api/auth/login", {
      body: { email: other.email, password: newUser().password },
    });
    const headers = { authorization: `Bearer ${access_token}` };
    const answers = await atOnce(api.db, sql`select pg_advisory_xact_lock(${sql.join(adminLock)})`, [
      () => api.send(`PATCH /api/users/${other.id}`, { as: "admin", body }),
      () => api.send("PATCH /api/users/usr_admin", { headers, body }),
    ]);
    expect(answers.map(({ statusCode }) => statusCode).sort()).toEqual([200, 409]);
    expect(answers.find(({ statusCode }) => statusCode === 409)?.json().code).toBe("EB_LAST_ADMIN");
    const { rows } = await api.pool.query("select id from users where role = 'admin' and active");
    expect(rows).toHaveLength(1);
    await api.pool.query(
      "update users set role = 'admin', active = id = 'usr_admin' where id in ('usr_admin', $1)",
      [other.id],
    );
    await api.pool.query("update sessions set ended_at = null where id = 'ses_admin'");
  },
);

test("the ledger tells which logins of admins and operators are made, and how roles and logins change", async () => {
  const { id } = await api.ask("POST /api/users", {
    as: "admin",
    body: newUser({ role: "operator", email: "olga@example.com" }),
  });
  await create({ email: "nobody-special@example.com" });
  await api.ask(`PATCH /api/users/${id}`, { as: "admin", body: { role: "support", name: "Olga" } });
  await api.ask(`PATCH /api/users/${id}`, { as: "admin", body: { active: false } });
  await api.ask(`PATCH /api/users/${id}`, { as: "admin", body: { active: false, role: "support" } });
  const entries = await api.engine.readLedger({ limit: 3 });
  expect(entries.map(({ action, result }) => [action, result])).toEqual([
    ["login-deactivated", { user: id, role: "support" }],
    ["role-changed", { user: id, from: "operator", to: "support" }],
    ["login-made", { user: id, role: "operator" }],
  ]);
  expect(entries[0]).toMatchObject({ operator: "Anita (usr_admin)", origin: "http 127.0.0.1" });
});

test.each([
  ["an unknown user", "usr_nobody", { active: false }, 404],
  ["nothing", "usr_support", {}, 400],
  ["a role nobody has", "usr_support", { role: "king" }, 400],
  ["a password", "usr_support", { password_hash: "x" }, 400],
])("changing %s is refused", async (_, id, body, status) => {
  expect((await api.send(`PATCH /api/users/${id}`, { as: "admin", body })).statusCode).toBe(status);
});

test.each(["operator", "support", "customer"])("making logins is not for the role %s", async (role) => {
  expect(await api.refusal("POST /api/users", { as: role, body: newUser() })).toEqual([403, "EB_FORBIDDEN"]);
});

test("while step 21 is rolled back a login is made without a link", async () => {
  await rollBack(api, 21);
  const answer = await create({ role: "customer", customer_id: "cst_asha", email: "gita@example.com" });
  expect([answer.statusCode, answer.json().customer_id]).toEqual([201, null]);
});
