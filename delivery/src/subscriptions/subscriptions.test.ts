import { afterAll, beforeAll, beforeEach, describe, expect, test } from "vitest";
import { type Api, startApi } from "../../../test/support/api.ts";

let api: Api;

beforeAll(async () => {
  api = await startApi();
});

afterAll(() => api.stop());

beforeEach(async () => {
  await api.pool.query("truncate subscriptions cascade");
});

const milk = (changes: object = {}) => ({
  product_id: "prd_milk",
  quantity: 1,
  schedule: "daily",
  ...changes,
});

const subscribe = (changes: object = {}, as = "customer") =>
  api.ask("POST /api/subscriptions", { as, body: milk(changes) });

const act = (id: string, action: string, body?: object, as = "customer") =>
  api.send(`POST /api/subscriptions/${id}/${action}`, { as, body });

describe("subscribing", () => {
  test("begins tomorrow unless said otherwise", async () => {
    expect(await subscribe()).toMatchObject({
      customer_id: "cst_asha",
      status: "active",
      starts_on: "2026-03-11",
      ends_on: null,
      paused_until: null,
    });
    const period = { starts_on: "2026-03-10", ends_on: "2026-03-10", customer_id: "cst_chitra" };
    expect(await subscribe(period, "support")).toMatchObject(period);
  });

  test.each([
    ["a schedule nobody keeps", { schedule: "hourly" }, 400, "EB_INVALID_REQUEST"],
    ["a quantity of nothing", { quantity: 0 }, 400, "EB_INVALID_REQUEST"],
    ["a status", { status: "active" }, 400, "EB_INVALID_REQUEST"],
    ["a start that has passed", { starts_on: "2026-03-09" }, 422, "EB_SUBSCRIPTION_PERIOD"],
    ["an end before the start", { ends_on: "2026-03-10" }, 422, "EB_SUBSCRIPTION_PERIOD"],
    ["a product no longer sold", { product_id: "prd_ghee" }, 422, "EB_PRODUCT_UNAVAILABLE"],
    ["an id of another kind", { product_id: "cst_asha" }, 422, "EB_PRODUCT_UNAVAILABLE"],
    ["somebody else as customer", { customer_id: "cst_binod" }, 403, "EB_NOT_YOURS"],
  ])("with %s is refused", async (_, change, status, code) => {
    const answer = await api.refusal("POST /api/subscriptions", { as: "customer", body: milk(change) });
    expect(answer).toEqual([status, code]);
    expect((await api.pool.query("select count(*) from subscriptions")).rows[0].count).toBe(0);
  });
});

describe("pausing, resuming, cancelling", () => {
  test("go as far as the state allows", async () => {
    const { id } = await subscribe();
    expect((await act(id, "resume")).statusCode).toBe(409);
    expect((await act(id, "pause", { until: "2026-03-20" })).json()).toMatchObject({
      status: "paused",
      paused_until: "2026-03-20",
    });
    expect((await act(id, "pause")).json()).toMatchObject({ status: "paused", paused_until: null });
    expect((await act(id, "resume")).json()).toMatchObject({ status: "active", paused_until: null });
    expect((await act(id, "cancel")).json()).toMatchObject({ status: "cancelled" });
    for (const action of ["pause", "resume", "cancel"]) {
      expect((await act(id, action)).json()).toMatchObject({ status: 409, code: "EB_SUBSCRIPTION_STATE" });
    }
  });

  test("take a body, an empty one, or none", async () => {
    const { id } = await subscribe();
    const headers = { "content-type": "application/json" };
    const empty = await api.app.inject({
      method: "POST",
      url: `/api/subscriptions/${id}/pause`,
      headers: { ...headers, authorization: `Bearer ${api.tokenOf("customer")}` },
      payload: "",
    });
    expect(empty.statusCode).toBe(200);
    expect((await act(id, "pause", {})).statusCode).toBe(200);
  });

  test.each([
    ["a day that has passed", { until: "2026-03-09" }, 422],
    ["a day that does not exist", { until: "2026-04-31" }, 400],
    ["a field nobody knows", { untill: "2026-04-30" }, 400],
  ])("a pause until %s is refused", async (_, body, status) => {
    const { id } = await subscribe();
    expect((await act(id, "pause", body)).statusCode).toBe(status);
    expect(await api.ask(`GET /api/subscriptions/${id}`, { as: "customer" })).toMatchObject({
      status: "active",
    });
  });

  test("the subscription of another customer does not exist", async () => {
    const { id } = await subscribe();
    for (const action of ["pause", "resume", "cancel"]) {
      expect((await act(id, action, undefined, "binod")).statusCode).toBe(404);
    }
    expect(await api.refusal(`GET /api/subscriptions/${id}`, { as: "binod" })).toEqual([
      404,
      "EB_SUBSCRIPTION_NOT_FOUND",
    ]);
    expect((await act(id, "cancel", undefined, "delivery")).statusCode).toBe(403);
  });
});

describe("changing", () => {
  const edit = (id: string, body: object, as = "customer") =>
    api.send(`PATCH /api/subscriptions/${id}`, { as, body });

  test("quantity, schedule, product and end is for the customer and the office", async () => {
    const { id } = await subscribe();
    const change = { quantity: 3, schedule: "weekdays", product_id: "prd_curd", ends_on: "2026-04-01" };
    expect((await edit(id, change)).json()).toMatchObject({ id, ...change, starts_on: "2026-03-11" });
    expect((await edit(id, { ends_on: null }, "support")).json()).toMatchObject({
      quantity: 3,
      ends_on: null,
    });
    expect((await edit(id, { quantity: 1 }, "binod")).json().code).toBe("EB_SUBSCRIPTION_NOT_FOUND");
    expect((await edit(id, { quantity: 1 }, "delivery")).statusCode).toBe(403);
  });

  test.each([
    ["an end that has passed", { ends_on: "2026-03-09" }, 422, "EB_SUBSCRIPTION_PERIOD"],
    ["an end before the start", { ends_on: "2026-03-10" }, 422, "EB_SUBSCRIPTION_PERIOD"],
    ["a product no longer sold", { product_id: "prd_ghee" }, 422, "EB_PRODUCT_UNAVAILABLE"],
    ["nothing", {}, 400, "EB_INVALID_REQUEST"],
    ["the start", { starts_on: "2026-03-20" }, 400, "EB_INVALID_REQUEST"],
  ])("%s is refused", async (_, change, status, code) => {
    const { id } = await subscribe();
    expect((await edit(id, change)).json()).toMatchObject({ status, code });
  });

  test("an end between the start and today is refused", async () => {
    const { id } = await subscribe({ starts_on: "2026-03-10" });
    api.clock.set("2026-03-12T06:00:00Z");
    const answer = await edit(id, { ends_on: "2026-03-11" });
    api.clock.set("2026-03-10T06:00:00Z");
    expect(answer.json()).toMatchObject({ status: 422, code: "EB_SUBSCRIPTION_PERIOD" });
  });

  test("is too late once it is cancelled", async () => {
    const { id } = await subscribe();
    await act(id, "cancel");
    expect((await edit(id, { quantity: 2 })).json()).toMatchObject({
      status: 409,
      code: "EB_SUBSCRIPTION_CANCELLED",
    });
  });
});

test("the list comes in pages; a customer's holds their own", async () => {
  for (let i = 0; i < 3; i += 1) await subscribe();
  await subscribe({}, "binod");
  const ids: string[] = [];
  let cursor: string | null = null;
  do {
    const page: { items: { id: string }[]; next_cursor: string | null } = await api.ask(
      `GET /api/subscriptions?limit=2&status=active${cursor ? `&cursor=${cursor}` : ""}`,
      { as: "operator" },
    );
    ids.push(...page.items.map(({ id }) => id));
    cursor = page.next_cursor;
  } while (cursor);
  expect(new Set(ids).size).toBe(4);
  expect((await api.ask("GET /api/subscriptions", { as: "binod" })).items).toHaveLength(1);
});
