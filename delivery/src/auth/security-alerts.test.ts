import { afterAll, afterEach, beforeAll, expect, test } from "vitest";
import { type Api, startApi } from "../../../test/support/api.ts";

let api: Api;
beforeAll(async () => {
  api = await startApi();
});
afterEach(() => {
  for (const { key } of api.alerts.active()) api.alerts.resolve("SECURITY_ALERT", key);
});
afterAll(() => api.stop());

const raised = () => api.alerts.active().map(({ type, key }) => `${type} ${key}`);
const guess = (email: string, remoteAddress: string) =>
  api.send("POST /api/auth/login", { body: { email, password: "hunter2hunter2" }, remoteAddress });

test("ten failed logins for one account raise SECURITY_ALERT with address and account, never the password", async () => {
  for (let n = 0; n < 9; n++) await guess("admin@example.com", `203.0.113.${n}`);
  expect(raised()).toEqual([]);
  await guess("admin@example.com", "203.0.113.99");
  await expect.poll(raised).toEqual(["SECURITY_ALERT failed logins account admin@example.com"]);
  await expect.poll(() => api.alerts.active()[0]?.severity).toBe("critical");
  const [alert] = api.alerts.active();
  expect(alert).toMatchObject({
    severity: "critical",
    details: { address: "203.0.113.99", account: "admin@example.com" },
  });
  expect(JSON.stringify(alert)).not.toContain("hunter2");
});

test("a customer who attempts a route of the platform raises an alert at once", async () => {
  expect(
    await api.refusal("POST /api/rollback/steps/24/rollback", {
      as: "customer",
      body: { reason: "x" },
      remoteAddress: "203.0.113.9",
    }),
  ).toEqual([403, "EB_FORBIDDEN"]);
  await expect.poll(raised).toEqual(["SECURITY_ALERT unauthorized access"]);
  expect(api.alerts.active()[0]?.details).toMatchObject({
    address: "203.0.113.9",
    account: '"customer" (usr_customer)',
    route: "POST /api/rollback/steps/:step/rollback",
  });
});

test("a login that is refused twenty times by the delivery API raises an alert, whatever route it tries", async () => {
  const routes = ["GET /api/users", "GET /api/customers", "GET /api/dashboard", "POST /api/orders/generate"];
  for (let n = 0; n < 20; n++) {
    const route = routes[n % routes.length] ?? "";
    await api.send(route, { as: "supplier", remoteAddress: `203.0.113.${n}` });
  }
  await expect.poll(raised).toEqual(["SECURITY_ALERT refusals by account"]);
  expect(api.alerts.active()[0]?.details.names).toBe('"supplier" (usr_supplier)');
});

test("customers whose link is rolled back with step 21 are nobody's attack", async () => {
  await api.pool.query("update users set customer_id = null where id = 'usr_customer'");
  for (let n = 0; n < 30; n++) {
    expect(await api.refusal("GET /api/orders", { as: "customer" })).toEqual([403, "EB_LOGIN_NOT_LINKED"]);
  }
  await new Promise((resolve) => setTimeout(resolve, 50));
  expect(raised()).toEqual([]);
});

test("who asks through a proxy is known by the address it tells, where it is trusted, and else by its own", async () => {
  const behind = await startApi({ beside: api, trustProxy: "10.0.0.0/8" });
  const knock = (remoteAddress: string) =>
    behind.send("GET /api/users", { remoteAddress, headers: { "x-forwarded-for": "203.0.113.50" } });
  for (let n = 0; n < 20; n++) await knock("10.0.0.1");
  for (let n = 0; n < 20; n++) await knock("198.51.100.7");
  expect(behind.alerts.active().map(({ key }) => key)).toEqual([
    "refusals address 203.0.113.50",
    "refusals address 198.51.100.7",
  ]);
  await behind.stop();
});
