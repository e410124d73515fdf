import { afterAll, beforeAll, describe, expect, test } from "vitest";
import { type Api, rollBack, startApi } from "../../../test/support/api.ts";
import { password } from "../../../test/support/business.ts";
import { createAdminInvitation } from "./invitation.ts";

let api: Api;

beforeAll(async () => {
  api = await startApi();
});

afterAll(() => api.stop());

const login = (email: string, typed = password, remoteAddress?: string) =>
  api.send("POST /api/auth/login", {
    body: { email, password: typed },
    ...(remoteAddress && { remoteAddress }),
  });

const me = (token: string) => api.send("GET /api/auth/me", { headers: { authorization: `Bearer ${token}` } });

describe("logging in", () => {
  test("gives a token that says who I am", async () => {
    const answer = (await login(" Customer@Example.com ")).json();
    expect(answer).toMatchObject({
      token_type: "Bearer",
      expires_in: 900,
      refresh_expires_in: 604_800,
      user: { id: "usr_customer", role: "customer", customer_id: "cst_asha", email: "customer@example.com" },
    });
    expect((await me(answer.access_token)).json()).toEqual(answer.user);
  });

  test("with a wrong password, an unknown email and a deactivated login is refused alike", async () => {
    await api.pool.query("update users set active = false where id = 'usr_supplier'");
    const answers = [
      await login("admin@example.com", "not the password"),
      await login("nobody@example.com"),
      await login("supplier@example.com"),
      await login("no email at all"),
    ];
    await api.pool.query("update users set active = true where id = 'usr_supplier'");
    for (const answer of answers) expect([answer.statusCode, answer.body]).toEqual([401, answers[0]?.body]);
  });

  test.each([
    ["an email that is not a text", { email: 7, password }],
    ["no password", { email: "admin@example.com" }],
    ["a password without end", { email: "admin@example.com", password: "p".repeat(201) }],
    ["a field nobody knows", { email: "admin@example.com", password, remember: true }],
    ["a list", []],
    ["nothing", undefined],
  ])("with %s is a bad request", async (_, body) => {
    expect(await api.refusal("POST /api/auth/login", { body })).toEqual([400, "EB_INVALID_REQUEST"]);
  });

  test("fails ten times from one address, then is closed to it, and to nobody else", async () => {
    const thief = "203.0.113.9";
    for (let failure = 0; failure < 10; failure += 1) {
      expect((await login("operator@example.com", "guess", thief)).statusCode).toBe(401);
    }
    const closed = await login("operator@example.com", password, thief);
    expect([closed.statusCode, closed.json().code]).toEqual([429, "EB_TOO_MANY_REQUESTS"]);
    expect(Number(closed.headers["retry-after"])).toBeGreaterThan(0);
    expect((await login("operator@example.com")).statusCode).toBe(200);
    expect((await login("admin@example.com", password, thief)).statusCode).toBe(200);
  });

  test("as often as one likes, when it succeeds", async () => {
    for (let time = 0; time < 15; time += 1)
      expect((await login("support@example.com")).statusCode).toBe(200);
  });
});

describe("a token", () => {
  test.each([
    ["absent", () => undefined],
    ["not one", () => "Bearer nonsense"],
    ["in another scheme", () => `Basic ${api.tokenOf("admin")}`],
    ["of nobody", () => `Bearer ${api.tokenOf("nobody")}`],
    ["signed by somebody else", () => `Bearer ${api.tokenOf("admin").slice(0, -4)}AAAA`],
    ["unsigned", () => `Bearer ${unsigned({ sid: "ses_admin", exp: 9e9 })}`],
  ])("that is %s opens nothing", async (_, authorization) => {
    const value = authorization();
    const answer = await api.send("GET /api/auth/me", { headers: value ? { authorization: value } : {} });
    expect([answer.statusCode, answer.json().code]).toEqual([401, "EB_UNAUTHENTICATED"]);
  });

  test("ends after a quarter of an hour", async () => {
    const token = api.tokenOf("admin");
    api.clock.advanceMs(15 * 60_000 - 1_000);
    expect((await me(token)).statusCode).toBe(200);
    api.clock.advanceMs(1_000);
    expect((await me(token)).statusCode).toBe(401);
    api.clock.set("2026-03-10T06:00:00Z");
  });

  test("stops working when its user is deactivated, and follows a change of role", async () => {
    const token = api.tokenOf("marketing");
    const users = () => api.send("GET /api/users", { headers: { authorization: `Bearer ${token}` } });
    expect((await users()).statusCode).toBe(403);
    await api.ask("PATCH /api/users/usr_marketing", { as: "admin", body: { role: "operator" } });
    expect((await users()).statusCode).toBe(200);
    await api.ask("PATCH /api/users/usr_marketing", { as: "admin", body: { active: false } });
    expect((await users()).statusCode).toBe(401);
    await api.ask("PATCH /api/users/usr_marketing", {
      as: "admin",
      body: { active: true, role: "marketing" },
    });
  });
});

const unsigned = (claims: object) => {
  const part = (value: object) => Buffer.from(JSON.stringify(value)).toString("base64url");
  return `${part({ alg: "none", typ: "JWT" })}.${part(claims)}.`;
};

const registration = (changes: object = {}) => ({
  name: "Deepa",
  email: "deepa@example.com",
  phone: "+91 98450 12345",
  password: "milk before sunrise",
  address: "4 Temple Road",
  area: "Basavanagudi",
  ...changes,
});

describe("registering", () => {
  test("makes a customer and a login that know each other", async () => {
    const { user } = await api.ask("POST /api/auth/register", { body: registration() });
    const customer = await api.ask(`GET /api/customers/${user.customer_id}`, { as: "support" });
    expect(customer).toMatchObject({ name: "Deepa", area: "Basavanagudi", user_id: user.id });
    expect((await login("deepa@example.com", "milk before sunrise")).statusCode).toBe(200);
    expect(await api.refusal("POST /api/auth/register", { body: registration() })).toEqual([
      409,
      "EB_EMAIL_TAKEN",
    ]);
    const { rows } = await api.pool.query("select count(*) from customers where name = 'Deepa'");
    expect(rows[0].count).toBe(1);
  });

  test.each([
    ["a short password", { password: "short" }],
    ["an email that is none", { email: "deepa" }],
    ["a phone number in words", { phone: "nine eight four" }],
    ["a role", { role: "admin" }],
    ["a name of blanks", { name: "   " }],
  ])("with %s is refused", async (_, change) => {
    const body = registration({ email: "other@example.com", ...change });
    expect(await api.refusal("POST /api/auth/register", { body })).toEqual([400, "EB_INVALID_REQUEST"]);
  });
});

test("a weak password is refused wherever one is chosen", async () => {
  const weak = { email: "deepa@example.com", name: "Deepa", password: "deepa-deepa" };
  const { token } = await createAdminInvitation(api.db, { clock: api.clock, firstAdmin: false });
  for (const [route, request] of Object.entries({
    "POST /api/auth/register": { body: registration({ ...weak, email: "deepa.k@example.com" }) },
    "POST /api/auth/accept-invitation": { body: { ...weak, token } },
    "POST /api/users": { as: "admin", body: { ...weak, role: "support" } },
    "POST /api/auth/password": {
      as: "support",
      body: { current_password: password, new_password: "support@example.com" },
    },
  })) {
    const answer = await api.send(route, request);
    expect([answer.statusCode, answer.json()]).toMatchObject([422, { code: "EB_WEAK_PASSWORD" }]);
    expect(answer.json().remedy).toContain("four unrelated words");
    expect(answer.body).not.toMatch(/deepa-deepa|support@/);
  }
});

describe("while step 21 is rolled back", () => {
  beforeAll(() => rollBack(api, 21));

  test("a customer cannot log in, and learns which step it is", async () => {
    const answer = await login("customer@example.com");
    expect([answer.statusCode, answer.json()]).toMatchObject([
      403,
      { code: "EB_LOGIN_NOT_LINKED", step: 21 },
    ]);
    expect(answer.json().detail).toContain("step 21");
    expect((await login("customer@example.com", "wrong")).statusCode).toBe(401);
    expect(await api.refusal("GET /api/orders", { as: "customer" })).toEqual([403, "EB_LOGIN_NOT_LINKED"]);
    expect((await login("delivery@example.com")).statusCode).toBe(200);
  });

  test("registering works, without a link", async () => {
    const { user } = await api.ask("POST /api/auth/register", {
      body: registration({ email: "esha@example.com", phone: "+91 98450 54321" }),
    });
    expect(user.customer_id).toBeNull();
  });
});
