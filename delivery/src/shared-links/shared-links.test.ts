import { sql } from "kysely";
import { afterAll, beforeAll, beforeEach, describe, expect, test } from "vitest";
import { type Api, rollBack, startApi } from "../../../test/support/api.ts";
import { atOnce } from "../../../test/support/at-once.ts";

let api: Api;

beforeAll(async () => {
  api = await startApi();
});

afterAll(() => api.stop());

beforeEach(async () => {
  api.clock.set("2026-03-10T06:00:00Z");
  await api.pool.query("truncate orders, delivery_statuses, billing_records, shared_links cascade");
});

const today = "2026-03-10";

const place = (delivery_date = today) =>
  api.ask("POST /api/orders", {
    as: "customer",
    body: { delivery_date, items: [{ product_id: "prd_milk", quantity: 2 }] },
  });

const link = async (delivery_date = today): Promise<string> =>
  (await api.ask("POST /api/shared-links", { as: "customer", body: { delivery_date } })).path;

const deliveries = async () =>
  (
    await api.pool.query(
      "select status, confirmation_method, confirmed_by_user_id, confirmed_by_name, notes from delivery_statuses",
    )
  ).rows;

describe("a shared link", () => {
  test("shows without login what is to be delivered, and nothing of where", async () => {
    await place();
    const path = await link();
    const answer = await api.send(`GET ${path}`);
    expect(answer.json()).toMatchObject({
      delivery_date: today,
      customer_name: "Asha",
      items: [{ name: "Milk", unit: "500 ml", quantity: 2 }],
      confirmed: false,
    });
    expect(answer.body).not.toMatch(/Street|98450|cst_/);
  });

  test("is kept as a hash only", async () => {
    const path = await link();
    const { rows } = await api.pool.query("select * from shared_links");
    expect(JSON.stringify(rows)).not.toContain(path.split("/").at(-1));
  });

  test("confirms all of the day's orders without login, once", async () => {
    const orders = [await place(), await place()];
    const path = await link();
    const body = { name: "The neighbour", notes: "Took it in" };
    expect(await api.ask(`POST ${path}/confirm`, { body })).toEqual({ confirmed: 2 });
    expect(await deliveries()).toEqual(
      orders.map(() => ({
        status: "delivered",
        confirmation_method: "shared_link",
        confirmed_by_user_id: null,
        confirmed_by_name: "The neighbour",
        notes: "Took it in",
      })),
    );
    const { rows } = await api.pool.query("select distinct status from orders");
    expect(rows).toEqual([{ status: "DELIVERED" }]);
    expect(await api.refusal(`POST ${path}/confirm`)).toEqual([409, "EB_ALREADY_CONFIRMED"]);
    expect(await api.ask(`GET ${path}`)).toMatchObject({ confirmed: true });
  });

  test("used by several at once confirms once", async () => {
    await place();
    const path = await link();
    const request = () => api.send(`POST ${path}/confirm`);
    const lock = sql`select token_hash from shared_links for update`;
    const answers = await atOnce(api.db, lock, [request, request, request]);
    expect(answers.map(({ statusCode }) => statusCode).sort()).toEqual([200, 409, 409]);
    expect(await deliveries()).toHaveLength(1);
  });

  test("that was used stays used, also when something else is ordered for the day", async () => {
    await place();
    const path = await link();
    await api.ask(`POST ${path}/confirm`);
    await place();
    expect(await api.refusal(`POST ${path}/confirm`)).toEqual([409, "EB_ALREADY_CONFIRMED"]);
    expect((await deliveries()).map(({ status }) => status).sort()).toEqual(["delivered", "pending"]);
  });

  test("and the delivery person confirm once between them", async () => {
    const { id } = await place();
    const path = await link();
    const answers = await atOnce(api.db, sql`select id from orders for update`, [
      () => api.send(`POST ${path}/confirm`),
      () => api.send("POST /api/deliveries/confirm", { as: "delivery", body: { order_id: id } }),
    ]);
    expect(answers.map(({ statusCode }) => statusCode).sort()).toEqual([200, 409]);
    expect(await deliveries()).toHaveLength(1);
  });

  test("that was refused can be used again", async () => {
    await place("2026-03-11");
    const path = await link("2026-03-11");
    expect(await api.refusal(`POST ${path}/confirm`)).toEqual([422, "EB_PHANTOM_DELIVERY"]);
    api.clock.set("2026-03-11T06:00:00Z");
    expect(await api.ask(`POST ${path}/confirm`)).toEqual({ confirmed: 1 });
  });

  test("ends with the day after the delivery", async () => {
    await place();
    const path = await link();
    api.clock.set("2026-03-13T06:00:00Z");
    expect(await api.refusal(`GET ${path}`)).toEqual([410, "EB_LINK_EXPIRED"]);
    expect(await api.refusal(`POST ${path}/confirm`)).toEqual([410, "EB_LINK_EXPIRED"]);
    expect(await deliveries()).toMatchObject([{ status: "pending" }]);
  });

  test("that nobody made is not found", async () => {
    for (const path of ["/api/shared-links/nonsense", "/api/shared-links/%27or%201=1"]) {
      expect(await api.refusal(`GET ${path}`)).toEqual([404, "EB_LINK_NOT_FOUND"]);
      expect(await api.refusal(`POST ${path}/confirm`)).toEqual([404, "EB_LINK_NOT_FOUND"]);
    }
    expect((await api.send(`GET /api/shared-links/${"x".repeat(101)}`)).statusCode).toBe(400);
  });
});

describe("making a link", () => {
  const create = (as: string, body: object) => api.refusal("POST /api/shared-links", { as, body });

  test("is for the office and for customers themselves", async () => {
    const body = { customer_id: "cst_binod", delivery_date: today };
    await api.ask("POST /api/shared-links", { as: "support", body });
    expect(await create("customer", body)).toEqual([403, "EB_NOT_YOURS"]);
    expect(await create("delivery", body)).toEqual([403, "EB_FORBIDDEN"]);
    expect(await create("support", { delivery_date: today })).toEqual([400, "EB_CUSTOMER_NEEDED"]);
  });

  test.each([
    ["a day long past", { delivery_date: "2026-03-08" }, 422],
    ["a day far away", { delivery_date: "2026-05-08" }, 422],
    ["a day that does not exist", { delivery_date: "2026-02-30" }, 400],
    ["an end", { delivery_date: today, expires_at: "2030-01-01" }, 400],
  ])("for %s is refused", async (_, body, status) => {
    expect((await create("customer", body))[0]).toBe(status);
  });
});

describe("while step 20 is rolled back", () => {
  beforeAll(() => rollBack(api, 20));

  test("a link confirms whatever is open for the customer that day, once", async () => {
    await place();
    const path = await link();
    expect(await api.ask(`GET ${path}`)).toMatchObject({ items: [{ name: "Milk" }], confirmed: false });
    expect(await api.ask(`POST ${path}/confirm`)).toEqual({ confirmed: 1 });
    expect(await deliveries()).toMatchObject([{ status: "delivered", confirmation_method: null }]);
    expect(await api.refusal(`POST ${path}/confirm`)).toEqual([409, "EB_ALREADY_CONFIRMED"]);
  });
});
