import { afterAll, beforeAll, expect, onTestFinished, test } from "vitest";
import { type Api, startApi } from "../../test/support/api.ts";
import { startThrowawayPostgres, type ThrowawayPostgres } from "../../test/support/throwaway.ts";

let postgres: ThrowawayPostgres;
let api: Api;

beforeAll(async () => {
  postgres = await startThrowawayPostgres();
  api = await startApi({ url: postgres.url });
});

afterAll(async () => {
  await api.stop();
  await postgres.remove();
});

const order = {
  as: "customer",
  body: { delivery_date: "2026-03-11", items: [{ product_id: "prd_milk", quantity: 1 }] },
};

test("while the database is away requests answer 503, and are served again when it is back", async () => {
  await api.ask("POST /api/orders", order);
  await postgres.stop();
  for (const [route, request] of [
    ["POST /api/orders", order],
    ["GET /api/orders", { as: "admin" }],
    ["POST /api/auth/login", { body: { email: "admin@example.com", password: "any" } }],
  ] as const) {
    const answer = await api.send(route, request);
    expect([answer.statusCode, answer.json().code]).toEqual([503, "EB_DATABASE_UNAVAILABLE"]);
    expect(answer.headers["retry-after"]).toBeDefined();
    expect(answer.body).not.toMatch(/127\.0\.0\.1|ECONN/);
  }
  expect((await api.send("GET /api/orders")).statusCode).toBe(401);
  expect((await api.send("GET /livez")).statusCode).toBe(200);
  await postgres.start();
  await expect
    .poll(async () => (await api.send("POST /api/orders", order)).statusCode, { timeout: 5_000 })
    .toBe(201);
  expect((await api.ask("GET /api/orders", { as: "customer" })).items).toHaveLength(2);
});

test("an operator of the last hour keeps access while the database is down; admin routes need the database", async () => {
  const status = async (route: string, as: string) =>
    (await api.send(route, { as, ...(route.startsWith("POST") && { body: {} }) })).statusCode;
  for (const as of ["admin", "operator", "customer"]) await status("GET /api/alerts/active", as);
  await postgres.stop();
  for (const as of ["admin", "operator"]) {
    expect(await status("GET /api/alerts/active", as)).toBe(200);
    expect(await status("GET /api/health/metrics", as)).toBe(200);
  }
  expect(await status("GET /api/alerts/active", "customer")).toBe(503);
  expect(await status("GET /api/alerts/active", "support")).toBe(503);
  expect(await status("POST /api/rollback/steps/24/dry-run", "admin")).toBe(503);
  api.clock.advanceMs(3_600_000);
  expect(await status("GET /api/alerts/active", "operator")).toBe(503);
  await postgres.start();
});

test("while the database hangs, an unknown session is refused within seconds", async () => {
  const served = async () => (await api.send("GET /api/health/metrics", { as: "admin" })).statusCode;
  await expect.poll(served).toBe(200);
  api.clock.advanceMs(3_600_000);
  const requests = [
    ["GET /api/health/metrics", { as: "admin" }],
    ["GET /api/orders", { as: "customer" }],
    ["POST /api/auth/login", { body: { email: "admin@example.com", password: "any" } }],
  ] as const;
  const open = await Promise.all(requests.map(() => api.pool.connect()));
  for (const client of open) client.release();
  onTestFinished(await postgres.freeze());
  const answers = await Promise.all(requests.map(([route, request]) => api.send(route, request)));
  for (const answer of answers) {
    expect([answer.statusCode, answer.json().code]).toEqual([503, "EB_DATABASE_UNAVAILABLE"]);
  }
});

test("a former operator loses access as soon as the database is back", async () => {
  const status = async () => (await api.send("GET /api/alerts/active", { as: "operator" })).statusCode;
  await expect.poll(status).toBe(200);
  await api.db.updateTable("users").set({ active: false }).where("id", "=", "usr_operator").execute();
  expect(await status()).toBe(401);
  await postgres.stop();
  expect(await status()).toBe(503);
});
