import { afterAll, beforeAll, expect, test } from "vitest";
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
