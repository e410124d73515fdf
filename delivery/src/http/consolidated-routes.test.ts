import { setTimeout as sleep } from "node:timers/promises";
import { sql } from "kysely";
import { afterAll, beforeAll, describe, expect, test } from "vitest";
import { type Api, reapply, rollBack, startApi } from "../../../test/support/api.ts";
import { access, rolesOf } from "../access.ts";
import { roles } from "../database.ts";
import { oldRoutes } from "./old-routes.ts";

let api: Api;
let other: Api;

beforeAll(async () => {
  api = await startApi();
  other = await startApi({ beside: api });
});

afterAll(async () => {
  await other.stop();
  await api.stop();
});

const gone = [404, "EB_CONSOLIDATED_ROUTES_ROLLED_BACK"];
const bodyFor = (method: unknown) => (method === "GET" ? {} : { body: {} });

test("the old paths cover every route of the four that step 28 consolidated", () => {
  const consolidated = Object.keys(access).filter((route) =>
    /\/api\/(orders|subscriptions|deliveries|products)\b/.test(route),
  );
  expect(oldRoutes.map(({ method, to }) => `${method} ${to}`).sort()).toEqual(consolidated.sort());
});

describe("while step 28 is rolled back", () => {
  beforeAll(() => rollBack(api, 28));
  afterAll(() => reapply(api, 28));

  test.each(oldRoutes)("$method $from has the rule of $to, which is gone", async ({ method, from, to }) => {
    const [old, now] = [from, to].map((path) => `${method} ${path.replace(":id", "some_id")}`) as [
      string,
      string,
    ];
    expect(await api.refusal(old)).toEqual([401, "EB_UNAUTHENTICATED"]);
    expect(await api.refusal(now)).toEqual(gone);
    const rule = rolesOf(access[`${method} ${to}`] ?? []) ?? [];
    for (const role of roles) {
      const { statusCode, body } = await api.send(old, { as: role, ...bodyFor(method) });
      const forbidden = statusCode === 403 && JSON.parse(body).code === "EB_FORBIDDEN";
      expect([role, forbidden]).toEqual([role, !rule.includes(role)]);
      expect([308, 500]).not.toContain(statusCode);
      const refused = await api.send(now, { as: role, ...bodyFor(method) });
      expect(refused.json()).toMatchObject({ status: 404, code: gone[1], step: 28 });
      expect(refused.json().remedy).toContain(from);
    }
  });

  test("a day's work goes over the old paths", async () => {
    const office = { as: "admin" };
    const { id: product_id } = await api.ask("POST /api/products/create", {
      ...office,
      body: { name: "Paneer", category: "dairy", unit: "200 g", price_paise: 9_000 },
    });
    await api.ask(`PATCH /api/products/update/${product_id}`, { ...office, body: { price_paise: 9_500 } });
    expect(await api.ask(`GET /api/products/details/${product_id}`, office)).toMatchObject({
      price_paise: 9_500,
    });
    expect((await api.ask("GET /api/products/all?limit=2", office)).items).toHaveLength(2);

    const body = {
      customer_id: "cst_asha",
      product_id,
      quantity: 1,
      schedule: "daily",
      starts_on: "2026-03-10",
    };
    const { id } = await api.ask("POST /api/subscriptions/create", { ...office, body });
    for (const action of ["pause", "resume"])
      await api.ask(`POST /api/subscriptions/${action}/${id}`, office);
    expect((await api.ask("GET /api/subscriptions/list", office)).items).toMatchObject([
      { id, status: "active" },
    ]);

    await api.ask("POST /api/orders/generate-day", { ...office, body: { date: "2026-03-10" } });
    const items = [{ product_id: "prd_milk", quantity: 1 }];
    const placed = await api.ask("POST /api/orders/create", {
      as: "binod",
      body: { delivery_date: "2026-03-10", items },
    });
    expect((await api.ask("GET /api/orders/list?status=CONFIRMED", office)).items).toHaveLength(1);
    const { areas } = await api.ask("GET /api/delivery-boy/route", { as: "delivery" });
    expect(areas).toHaveLength(2);
    await api.ask("POST /api/delivery-boy/mark-delivered", { as: "delivery", body: { order_id: placed.id } });
    expect(await api.ask(`GET /api/orders/details/${placed.id}`, { as: "binod" })).toMatchObject({
      status: "DELIVERED",
    });
    expect(await api.refusal(`POST /api/orders/cancel/${placed.id}`, { as: "binod" })).toEqual([
      409,
      "EB_ORDER_NOT_CANCELLABLE",
    ]);
    expect((await api.ask("GET /api/delivery-boy/deliveries?status=delivered", office)).items).toHaveLength(
      1,
    );
    await api.ask(`POST /api/subscriptions/cancel/${id}`, office);
  });

  test("logins, users, customers, bills, shared links and the dashboard stay where they are", async () => {
    for (const path of ["auth/me", "users", "customers", "customers/cst_asha", "billing", "dashboard"]) {
      expect((await api.send(`GET /api/${path}`, { as: "admin" })).statusCode, path).toBe(200);
    }
    expect(await api.refusal("GET /api/shared-links/none")).toEqual([404, "EB_LINK_NOT_FOUND"]);
  });

  test("what only looks like a path of the four is no more there than before", async () => {
    expect(await api.refusal("GET /api/orders-of-mine", { as: "admin" })).toEqual([
      404,
      "EB_ROUTE_NOT_FOUND",
    ]);
  });
});

test("every instance changes over at once, and back, without restart", async () => {
  const changed = async (status: number) => {
    const startedMs = performance.now();
    while ((await other.send("GET /api/products/all", { as: "admin" })).statusCode !== status) await sleep(2);
    return performance.now() - startedMs;
  };
  // A tenth of a second is promised; a machine that does ten things besides is given more.
  await rollBack(api, 28);
  expect(await changed(200)).toBeLessThan(1_000);
  expect(await other.refusal("GET /api/products", { as: "admin" })).toEqual(gone);
  await reapply(api, 28);
  expect(await changed(308)).toBeLessThan(1_000);
  expect((await other.send("GET /api/products", { as: "admin" })).statusCode).toBe(200);
});

test("a request that is under way when the step moves is answered as it has begun", async () => {
  let answer: PromiseLike<{ statusCode: number }> | undefined;
  await api.db.transaction().execute(async (tx) => {
    await sql`lock table products in access exclusive mode`.execute(tx);
    answer = api.send("GET /api/products", { as: "admin" }).then((response) => response);
    const waiting = "select from pg_locks where relation = 'products'::regclass and not granted";
    while ((await api.pool.query(waiting)).rowCount === 0) await sleep(5);
    await rollBack(api, 28);
  });
  expect((await answer)?.statusCode).toBe(200);
  await reapply(api, 28);
});

test("the dry run counts the requests of the last hour to these paths, and to no others", async () => {
  await other.send("GET /api/products/all");
  await other.send("GET /api/products", { as: "admin" });
  const { steps } = await other.engine.dryRunRollback(28);
  const labels = steps.flatMap(({ impact }) => impact.map(({ label }) => label));
  expect(labels).toContain("in the last hour: GET /api/products/all");
  expect(labels).toContain("in the last hour: GET /api/products");
  expect(labels.join()).not.toMatch(/auth|dashboard|billing/);
});
