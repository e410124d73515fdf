import { afterAll, beforeAll, beforeEach, describe, expect, test } from "vitest";
import { type Api, startApi } from "../../../test/support/api.ts";
import { quiet } from "../../../test/support/delivery.ts";
import { PeriodicCheck } from "../periodic-check.ts";
import { checkOpenDeliveries, dayOfLastCutOff } from "./open-deliveries.ts";

let api: Api;
beforeAll(async () => {
  api = await startApi();
});
afterAll(() => api.stop());

beforeEach(async () => {
  api.clock.set("2026-03-10T06:00:00Z");
  await api.pool.query("truncate orders, delivery_statuses cascade");
  for (const { type, key } of api.alerts.active()) api.alerts.resolve(type as "DELIVERY_ISSUE", key);
});

const place = async (delivery_date = "2026-03-10", customer_id = "cst_asha"): Promise<string> => {
  const body = { customer_id, delivery_date, items: [{ product_id: "prd_milk", quantity: 2 }] };
  return (await api.ask("POST /api/orders", { as: "admin", body })).id;
};

describe("a confirmation", () => {
  const confirm = (body: object) => api.send("POST /api/deliveries/confirm", { as: "delivery", body });
  const failing = async <T>(work: () => Promise<T>): Promise<T> => {
    await api.pool.query(`
      create function refuse() returns trigger language plpgsql as $$ begin raise exception 'no room'; end $$;
      create trigger refuse before update on delivery_statuses for each row execute function refuse()`);
    try {
      return await work();
    } finally {
      await api.pool.query("drop function refuse cascade");
    }
  };

  test("that fails with a server error raises one DELIVERY_ISSUE for all customers", async () => {
    const [first, second] = [await place(), await place()];
    await failing(async () => {
      expect((await confirm({ order_id: first })).statusCode).toBe(500);
      expect((await confirm({ order_id: second })).statusCode).toBe(500);
    });
    expect(api.alerts.active()).toMatchObject([
      {
        type: "DELIVERY_ISSUE",
        severity: "error",
        key: "confirmation",
        details: { order_id: first, reason: "no room", occurrences: 2 },
      },
    ]);
  });

  test("by a shared link does, too, without telling the link", async () => {
    await place();
    const link = { customer_id: "cst_asha", delivery_date: "2026-03-10" };
    const { token, path } = await api.ask("POST /api/shared-links", { as: "admin", body: link });
    await failing(async () => {
      expect((await api.send(`POST ${path}/confirm`, { body: {} })).statusCode).toBe(500);
    });
    const [alert] = api.alerts.active();
    expect(alert?.details).toMatchObject({ by: "shared link", reason: "no room" });
    expect(JSON.stringify(alert)).not.toContain(token);
  });

  test("that is refused raises no alert: the response gives the reason", async () => {
    const order_id = await place();
    expect((await confirm({ order_id, delivery_date: "2026-03-20" })).statusCode).toBe(422);
    expect((await confirm({ order_id: "ord_nowhere" })).statusCode).toBe(404);
    expect(api.alerts.active()).toEqual([]);
  });
});

describe("deliveries left open", () => {
  const check = () => checkOpenDeliveries(api);

  test.each([
    ["2026-03-10T09:59:00", "2026-03-09"],
    ["2026-03-10T10:00:00", "2026-03-10"],
    ["2026-03-10T23:59:00", "2026-03-10"],
    ["2026-03-11T00:01:00", "2026-03-10"],
  ])("count from the cut-off on: at %s those of %s", (now, day) => {
    api.clock.set(now);
    expect(dayOfLastCutOff(api.clock)).toBe(day);
  });

  test("after the cut-off raise one DELIVERY_ISSUE a day, with how many and since when, until none is open", async () => {
    const orders = [await place(), await place(), await place("2026-03-10", "cst_binod")];
    api.clock.set("2026-03-10T09:59:00");
    await check();
    expect(api.alerts.active()).toEqual([]);
    api.clock.set("2026-03-10T10:01:00");
    await check();
    await check();
    expect(api.alerts.active()).toMatchObject([
      {
        type: "DELIVERY_ISSUE",
        key: "open 2026-03-10",
        message: "3 deliveries are still open after the cut-off at 10:00 of 2026-03-10.",
        details: { open: 3, customers: 2, oldest: "2026-03-10", occurrences: 2 },
      },
    ]);
    for (const order_id of orders) {
      await api.ask("POST /api/deliveries/confirm", { as: "delivery", body: { order_id } });
    }
    await check();
    expect(api.alerts.active()).toEqual([]);
  });

  test("are told of until somebody has looked again, however long that could not be done", async () => {
    await place();
    api.clock.set("2026-03-10T12:00:00");
    await check();
    await api.pool.query("alter table delivery_statuses rename to away");
    await expect(check()).rejects.toThrow("delivery_statuses");
    api.clock.advanceMs(3_600_000);
    api.alerts.tick();
    await api.pool.query("alter table away rename to delivery_statuses");
    expect(api.alerts.active()).toMatchObject([{ key: "open 2026-03-10" }]);
    await api.pool.query("update delivery_statuses set status = 'delivered'");
    await check();
    expect(api.alerts.active()).toEqual([]);
  });

  test("are told of anew the next morning, and not of the day before any more", async () => {
    await place();
    api.clock.set("2026-03-10T12:00:00");
    await check();
    api.clock.set("2026-03-11T10:00:00");
    await check();
    expect(api.alerts.active()).toMatchObject([
      { key: "open 2026-03-11", details: { oldest: "2026-03-10" } },
    ]);
    await api.pool.query("update delivery_statuses set status = 'delivered'");
    api.clock.set("2026-03-12T10:00:00");
    await check();
    expect(api.alerts.active()).toEqual([]);
  });

  test("of the week before count, too; older ones have been told of on seven mornings, those to come are not due", async () => {
    await place();
    await place("2026-03-11");
    await api.pool.query(
      "update delivery_statuses set delivery_date = '2026-03-04' where delivery_date = '2026-03-10'",
    );
    api.clock.set("2026-03-10T12:00:00");
    await check();
    expect(api.alerts.active()).toMatchObject([{ details: { open: 1, oldest: "2026-03-04" } }]);
    api.clock.set("2026-03-11T09:00:00");
    await check();
    await api.pool.query(
      "update delivery_statuses set delivery_date = '2026-03-03' where delivery_date = '2026-03-04'",
    );
    await check();
    expect(api.alerts.active()).toEqual([]);
  });

  test("are looked for at the start", async () => {
    await place();
    api.clock.set("2026-03-10T12:00:00");
    const watch = new PeriodicCheck({ check, log: quiet });
    watch.start();
    await expect.poll(() => api.alerts.active()).toHaveLength(1);
    await watch.stop();
  });
});
