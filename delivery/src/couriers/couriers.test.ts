import { sql } from "kysely";
import { afterAll, beforeAll, beforeEach, describe, expect, test } from "vitest";
import { type Api, reapply, rollBack, startApi } from "../../../test/support/api.ts";
import { atOnce } from "../../../test/support/at-once.ts";
import { openSessions } from "../../../test/support/business.ts";

let api: Api;

const today = "2026-03-10";
const tomorrow = "2026-03-11";
const customers = ["cst_asha", "cst_binod", "cst_chitra"];

beforeAll(async () => {
  api = await startApi();
  await api.pool.query(`
    insert into users (id, email, name, password_hash, role)
    select 'usr_' || name, name || '@example.com', name, 'x', 'delivery' from unnest(array['ravi', 'suma']) as name`);
  await openSessions(api.db, ["ravi", "suma"]);
});

afterAll(() => api.stop());

/** Jayanagar (Asha) is Ravi's, Indiranagar (Binod, Chitra) nobody's; a stop for each customer. */
let orders: Record<string, string>;
beforeEach(async () => {
  await api.pool.query("truncate orders, delivery_statuses, courier_areas, delivery_assignments cascade");
  await setAreas("usr_ravi", ["Jayanagar"]);
  orders = {};
  for (const customer_id of customers) orders[customer_id] = await place(customer_id);
});

const place = async (customer_id: string, delivery_date = today): Promise<string> => {
  const body = { customer_id, delivery_date, items: [{ product_id: "prd_milk", quantity: 1 }] };
  return (await api.ask("POST /api/orders", { as: "admin", body })).id;
};
const setAreas = (id: string, areas: string[]) =>
  api.ask(`PUT /api/couriers/${id}/areas`, { as: "operator", body: { areas } });
const assign = (body: object) =>
  api.ask("POST /api/couriers/assignments", { as: "operator", body: { delivery_date: today, ...body } });
const route = async (as: string, query = "") => {
  const { areas } = await api.ask(`GET /api/deliveries/route?${query}`, { as });
  const stops = areas.flatMap(({ stops }: { stops: { customer_id: string }[] }) => stops);
  return stops.map(({ customer_id }: { customer_id: string }) => customer_id).sort();
};
const confirm = (as: string, order_id: string | undefined) =>
  api.refusal("POST /api/deliveries/confirm", { as, body: { order_id } });
const statuses = async () => {
  const { rows } = await api.pool.query("select customer_id, status from orders");
  return Object.fromEntries(rows.map(({ customer_id, status }) => [customer_id, status]));
};

describe("a courier", () => {
  test("sees the stops of their areas and of areas without courier, and confirms no others", async () => {
    expect(await route("ravi")).toEqual(customers);
    expect(await route("suma")).toEqual(["cst_binod", "cst_chitra"]);
    expect(await confirm("suma", orders.cst_asha)).toEqual([403, "EB_NOT_YOUR_STOP"]);
    expect((await confirm("ravi", orders.cst_asha))[0]).toBe(200);
    expect((await confirm("suma", orders.cst_binod))[0]).toBe(200);
  });

  test("sees today and tomorrow, and nobody else's round", async () => {
    await place("cst_asha", tomorrow);
    expect(await route("ravi", `date=${tomorrow}`)).toEqual(["cst_asha"]);
    const refused = [403, "EB_NOT_YOUR_ROUND"];
    for (const query of ["date=2026-03-09", "date=2026-03-12", "courier_id=usr_suma"])
      expect(await api.refusal(`GET /api/deliveries/route?${query}`, { as: "ravi" })).toEqual(refused);
    expect(await route("ravi", "courier_id=usr_ravi")).toHaveLength(3);
  });

  test("has the stops that are assigned for a day, which nobody else sees then", async () => {
    expect(await assign({ user_id: "usr_suma", customer_ids: ["cst_asha", "cst_binod"] })).toMatchObject({
      assigned: 2,
    });
    await place("cst_asha", tomorrow);
    expect([await route("suma"), await route("ravi")]).toEqual([customers, ["cst_chitra"]]);
    expect([await route("suma", `date=${tomorrow}`), await route("ravi", `date=${tomorrow}`)]).toEqual([
      [],
      ["cst_asha"],
    ]);
    expect(await confirm("ravi", orders.cst_asha)).toEqual([403, "EB_NOT_YOUR_STOP"]);
    expect((await confirm("suma", orders.cst_asha))[0]).toBe(200);
    // Again, for another courier: the last word counts.
    expect(await assign({ user_id: "usr_ravi", area: "Indiranagar" })).toMatchObject({ assigned: 2 });
    const day = await api.ask("GET /api/couriers/assignments", { as: "support" });
    expect(day.items.map((item: { user_id: string }) => item.user_id)).toEqual([
      "usr_suma",
      "usr_ravi",
      "usr_ravi",
    ]);
    await api.ask(`DELETE /api/couriers/assignments/${today}/cst_binod`, { as: "admin" });
    expect(await route("suma")).toEqual(["cst_asha", "cst_binod"]);
  });

  test("who is deactivated holds no area and no stop: others see them", async () => {
    await setAreas("usr_suma", ["Indiranagar"]);
    await assign({ user_id: "usr_ravi", customer_ids: ["cst_binod"] });
    expect(await route("suma")).toEqual(["cst_chitra"]);
    await api.pool.query("update users set active = false where id = 'usr_ravi'");
    expect(await route("suma")).toEqual(customers);
    const { items, unassigned_areas } = await api.ask("GET /api/couriers", { as: "support" });
    expect(unassigned_areas).toEqual(["Jayanagar"]);
    expect(items).toContainEqual({
      id: "usr_ravi",
      name: "ravi",
      phone: null,
      active: false,
      areas: ["Jayanagar"],
    });
    const body = { delivery_date: today, user_id: "usr_ravi", customer_ids: ["cst_asha"] };
    const refused = api.refusal("POST /api/couriers/assignments", { as: "admin", body });
    expect(await refused).toEqual([422, "EB_COURIER_INACTIVE"]);
    await api.ask("PATCH /api/users/usr_ravi", { as: "admin", body: { active: true } });
  });

  test("is confined by the role checks: while step 24 is rolled back, everybody sees and confirms all", async () => {
    await rollBack(api, 24);
    expect(await route("suma", "date=2026-03-01")).toEqual([]);
    expect(await route("suma")).toEqual(customers);
    expect((await confirm("suma", orders.cst_asha))[0]).toBe(200);
    await reapply(api, 24);
  });

  test("keeps areas and assignments when ids are rewritten, under ids of either style", async () => {
    await assign({ user_id: "usr_suma", customer_ids: ["cst_asha"] });
    await rollBack(api, 29);
    expect([await route("suma"), await route("ravi")]).toMatchObject([{ length: 3 }, { length: 2 }]);
    await assign({ user_id: "usr_suma", customer_ids: ["cst_binod"] });
    await reapply(api, 29);
    expect([await route("suma"), await route("ravi")]).toEqual([customers, ["cst_chitra"]]);
  });

  test("while step 20 is rolled back confirms their own stops by customer and date", async () => {
    await rollBack(api, 20);
    const body = { customer_id: "cst_asha", delivery_date: today };
    const by = (as: string) => api.refusal("POST /api/deliveries/confirm", { as, body });
    expect(await by("suma")).toEqual([403, "EB_NOT_YOUR_STOP"]);
    expect((await by("ravi"))[0]).toBe(200);
    const started = { as: "ravi", body: {} };
    expect(await api.ask("POST /api/deliveries/start-round", started)).toMatchObject({ started: 2 });
    await reapply(api, 19, 30);
    expect(await statuses()).toEqual({
      cst_asha: "DELIVERED",
      cst_binod: "OUT_FOR_DELIVERY",
      cst_chitra: "OUT_FOR_DELIVERY",
    });
  });
});

test("the office sees all stops of any day, or those of one courier", async () => {
  expect(await route("admin")).toEqual(customers);
  expect(await route("operator", "courier_id=usr_suma")).toEqual(["cst_binod", "cst_chitra"]);
  const nobody = api.refusal("GET /api/deliveries/route?courier_id=usr_admin", { as: "admin" });
  expect(await nobody).toEqual([404, "EB_COURIER_NOT_FOUND"]);
});

test.each([
  ["a day that is past", { delivery_date: "2026-03-09" }, 422, "EB_ASSIGNMENT_DATE_OUT_OF_RANGE"],
  ["a user who is no courier", { user_id: "usr_support" }, 404, "EB_COURIER_NOT_FOUND"],
  ["an unknown customer", { customer_ids: ["cst_asha", "cst_none"] }, 404, "EB_CUSTOMER_NOT_FOUND"],
  ["customers and an area", { area: "Jayanagar" }, 400, "EB_INVALID_REQUEST"],
])("an assignment of %s is refused, and none is made", async (_, change, status, code) => {
  const body = { delivery_date: today, user_id: "usr_suma", customer_ids: ["cst_asha"], ...change };
  const refused = api.refusal("POST /api/couriers/assignments", { as: "operator", body });
  expect(await refused).toEqual([status, code]);
  expect((await api.ask("GET /api/couriers/assignments", { as: "admin" })).items).toEqual([]);
});

describe("starting a round", () => {
  const start = (as: string, body: object = {}) => api.ask("POST /api/deliveries/start-round", { as, body });

  test("turns a courier's open orders OUT_FOR_DELIVERY, once, and customers cannot cancel them", async () => {
    await confirm("ravi", orders.cst_chitra);
    await setAreas("usr_suma", ["Indiranagar"]);
    expect(await start("suma")).toEqual({ date: today, started: 1 });
    expect(await start("suma")).toEqual({ date: today, started: 0 });
    expect(await statuses()).toEqual({
      cst_asha: "PENDING",
      cst_binod: "OUT_FOR_DELIVERY",
      cst_chitra: "DELIVERED",
    });
    const cancel = (id: string | undefined, as: string) =>
      api.refusal(`POST /api/orders/${id}/cancel`, { as });
    expect(await cancel(orders.cst_binod, "binod")).toEqual([409, "EB_ORDER_NOT_CANCELLABLE"]);
    expect((await cancel(orders.cst_asha, "customer"))[0]).toBe(200);
  });

  test("is remembered by step 22, which returns exactly there", async () => {
    expect(await start("operator", { area: "Jayanagar" })).toMatchObject({ started: 1 });
    await confirm("ravi", orders.cst_asha);
    await rollBack(api, 22);
    expect((await statuses()).cst_asha).toBe("OUT_FOR_DELIVERY");
    // Of the other orders, none is delivered; of this one, the delivery is.
    expect(await start("admin")).toMatchObject({ started: 2 });
    await reapply(api, 22, 23);
    expect((await statuses()).cst_asha).toBe("DELIVERED");
  });

  test("leaves alone what is confirmed at the same moment", async () => {
    await rollBack(api, 22);
    const lock = sql`select id from orders where id = ${orders.cst_asha} for update`;
    const send = async (path: string, body: object) => api.send(`POST ${path}`, { as: "admin", body });
    const waiting =
      "select from pg_stat_activity where datname = current_database() and wait_event_type = 'Lock'";
    const [confirmed, started] = await atOnce(api.db, lock, [
      () => send("/api/deliveries/confirm", { order_id: orders.cst_asha }),
      // The lock is given in the order of waiting.
      async () => {
        while ((await api.pool.query(waiting)).rowCount === 0);
        return send("/api/deliveries/start-round", { area: "Jayanagar" });
      },
    ]);
    expect(confirmed?.statusCode).toBe(200);
    expect(started?.json()).toEqual({ date: today, started: 0 });
    await reapply(api, 22, 23);
    expect((await statuses()).cst_asha).toBe("DELIVERED");
  });

  test("is for today and tomorrow", async () => {
    for (const date of ["2026-03-09", "2026-03-12"])
      expect(await api.refusal("POST /api/deliveries/start-round", { as: "admin", body: { date } })).toEqual([
        422,
        "EB_ROUND_DATE",
      ]);
    await place("cst_asha", tomorrow);
    expect(await start("ravi", { date: tomorrow })).toEqual({ date: tomorrow, started: 1 });
  });
});
