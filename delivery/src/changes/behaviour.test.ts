import { afterAll, beforeAll, beforeEach, describe, expect, test } from "vitest";
import { type Api, type ApiRequest, reapply, rollBack, startApi } from "../../../test/support/api.ts";
import { password } from "../../../test/support/business.ts";

let api: Api;

beforeAll(async () => {
  api = await startApi();
});

afterAll(() => api.stop());

const today = "2026-03-10";
const milk = [{ product_id: "prd_milk", quantity: 2 }];
const delivery = { as: "delivery" };

/** An answer, to be compared with what matters of it; its HTTP status is `http`. */
const answer = async (route: string, request: ApiRequest = {}) => {
  const { statusCode, headers, body } = await api.send(route, request);
  return { http: statusCode, location: headers.location, ...(body && JSON.parse(body)) };
};

const place = async (): Promise<string> => {
  const body = { delivery_date: today, items: milk };
  return (await api.ask("POST /api/orders", { as: "customer", body })).id;
};

/** Confirms by whatever is asked for at the moment. */
const confirm = (order_id: string, change: object = {}) =>
  answer("POST /api/deliveries/confirm", { ...delivery, body: { order_id, ...change } });

const confirmDay = (change: object = {}) =>
  answer("POST /api/deliveries/confirm", {
    ...delivery,
    body: { customer_id: "cst_asha", delivery_date: today, ...change },
  });

const order = (id: string) => api.ask(`GET /api/orders/${id}`, { as: "customer" });

const bill = async () => {
  const body = { period: "2026-03" };
  return api.ask("POST /api/billing/generate", { as: "admin", body });
};

/** What an act answers with a step applied, and what with it rolled back; each time it acts on empty tables. */
interface Difference {
  step: number;
  when: string;
  act: () => Promise<unknown>;
  applied: unknown;
  rolledBack: unknown;
}

const differences: Difference[] = [
  {
    step: 19,
    when: "a day is generated, its orders name their subscription",
    act: async () => {
      const body = {
        customer_id: "cst_asha",
        product_id: "prd_milk",
        quantity: 1,
        schedule: "daily",
        starts_on: today,
      };
      const { id } = await api.ask("POST /api/subscriptions", { as: "admin", body });
      await api.ask("POST /api/orders/generate", { as: "admin", body: { date: today } });
      const { items } = await api.ask("GET /api/orders", { as: "customer" });
      return items.map((each: { subscription_id: string }) => each.subscription_id === id);
    },
    applied: [true],
    rolledBack: [false],
  },
  {
    step: 20,
    when: "a delivery is confirmed by its order",
    act: async () => confirm(await place()),
    applied: { http: 200, deliveries: [{ order_id: expect.stringMatching(/^ord_/), status: "delivered" }] },
    rolledBack: { http: 400, code: "EB_CUSTOMER_AND_DATE_NEEDED" },
  },
  {
    step: 20,
    when: "a delivery is confirmed by customer and date",
    act: async () => {
      await place();
      return confirmDay();
    },
    applied: { http: 400, code: "EB_ORDER_ID_NEEDED", step: 20 },
    rolledBack: { http: 200, deliveries: [{ order_id: null, status: "delivered" }] },
  },
  {
    step: 21,
    when: "a customer logs in",
    act: () => answer("POST /api/auth/login", { body: { email: "customer@example.com", password } }),
    applied: { http: 200, user: { customer_id: "cst_asha" } },
    rolledBack: { http: 403, code: "EB_LOGIN_NOT_LINKED", step: 21 },
  },
  {
    step: 21,
    when: "support looks at a customer",
    act: () => answer("GET /api/customers/cst_asha", { as: "support" }),
    applied: { http: 200, user_id: "usr_customer" },
    rolledBack: { http: 200, user_id: null },
  },
  {
    step: 22,
    when: "a delivery is confirmed, its order follows",
    act: async () => {
      const id = await place();
      await confirm(id);
      return order(id);
    },
    applied: { status: "DELIVERED", delivered_at: "2026-03-10T06:00:00.000Z" },
    rolledBack: { status: "PENDING", delivered_at: null },
  },
  {
    step: 23,
    when: "a month is billed with a delivered one-time order in it",
    act: async () => {
      await confirm(await place());
      return { ...(await bill()), bills: (await api.ask("GET /api/billing", { as: "customer" })).items };
    },
    applied: { one_time_bills: 1, bills: [{ covers: "order", amount_paise: 5_600 }] },
    rolledBack: { one_time_bills: 0, bills: [] },
  },
  {
    step: 24,
    when: "a supplier asks for the customers",
    act: () => answer("GET /api/customers", { as: "supplier" }),
    applied: { http: 403, code: "EB_FORBIDDEN", step: 24 },
    rolledBack: { http: 200, items: expect.any(Array) },
  },
  {
    step: 24,
    when: "a supplier asks for the users",
    act: () => answer("GET /api/users", { as: "supplier" }),
    applied: { http: 403, code: "EB_FORBIDDEN" },
    rolledBack: { http: 403, code: "EB_FORBIDDEN" },
  },
  {
    step: 24,
    when: "nobody asks for the users",
    act: () => answer("GET /api/users"),
    applied: { http: 401 },
    rolledBack: { http: 401 },
  },
  {
    step: 25,
    when: "a delivery is confirmed, its trail is kept",
    act: async () => confirm(await place()),
    applied: {
      deliveries: [
        {
          confirmed_by_user_id: "usr_delivery",
          confirmed_by_name: "delivery",
          confirmed_at: "2026-03-10T06:00:00.000Z",
          confirmation_method: "delivery",
          ip_address: "127.0.0.1",
          device_info: "lightMyRequest",
        },
      ],
    },
    rolledBack: {
      deliveries: [
        {
          confirmed_by_user_id: null,
          confirmed_by_name: null,
          confirmed_at: null,
          confirmation_method: null,
          ip_address: null,
          device_info: null,
        },
      ],
    },
  },
  {
    step: 26,
    when: "more is said to be delivered than was ordered",
    act: async () => confirm(await place(), { items: [{ product_id: "prd_milk", delivered_qty: 3 }] }),
    applied: { http: 422, code: "EB_DELIVERED_QUANTITY", step: 26 },
    rolledBack: { http: 200, deliveries: [{ status: "delivered", items: null }] },
  },
  {
    step: 26,
    when: "half of an order is delivered, and billed",
    act: async () => {
      const items = [{ product_id: "prd_milk", delivered_qty: 1 }];
      const { deliveries } = await confirm(await place(), { items });
      await bill();
      const { items: bills } = await api.ask("GET /api/billing", { as: "customer" });
      return { status: deliveries[0].status, items: deliveries[0].items, bills };
    },
    applied: {
      status: "partially_delivered",
      items: [{ product_id: "prd_milk", ordered_qty: 2, delivered_qty: 1, status: "partial" }],
      bills: [{ amount_paise: 2_800 }],
    },
    rolledBack: { status: "delivered", items: null, bills: [{ amount_paise: 5_600 }] },
  },
  {
    step: 27,
    when: "a delivery of tomorrow is confirmed",
    act: async () => confirm(await place(), { delivery_date: "2026-03-11" }),
    applied: { http: 422, code: "EB_PHANTOM_DELIVERY", step: 27 },
    rolledBack: { http: 200, deliveries: [{ status: "delivered" }] },
  },
  {
    step: 27,
    when: "a delivery is confirmed two days before its order's date",
    act: async () => confirm(await place(), { delivery_date: "2026-03-08" }),
    applied: { http: 422, code: "EB_PHANTOM_DELIVERY", step: 27 },
    rolledBack: { http: 200, deliveries: [{ status: "delivered" }] },
  },
  {
    step: 27,
    when: "the delivery of a cancelled order is confirmed",
    act: async () => {
      const id = await place();
      await api.ask(`POST /api/orders/${id}/cancel`, { as: "customer" });
      return confirm(id);
    },
    applied: { http: 422, code: "EB_PHANTOM_DELIVERY", step: 27 },
    rolledBack: { http: 200, deliveries: [{ status: "delivered" }] },
  },
  {
    step: 28,
    when: "a new path is asked for",
    act: () => answer("GET /api/products", { as: "admin" }),
    applied: { http: 200 },
    rolledBack: { http: 404, code: "EB_CONSOLIDATED_ROUTES_ROLLED_BACK", step: 28 },
  },
  {
    step: 28,
    when: "an old path is asked for",
    act: () => answer("GET /api/products/all?limit=2", { as: "admin" }),
    applied: { http: 308, location: "/api/products?limit=2" },
    rolledBack: { http: 200, items: [{}, {}] },
  },
  {
    step: 29,
    when: "an order is placed and found by an id of today's style",
    act: async () => {
      const { id } = await order(await place());
      return { id, customer: (await api.ask("GET /api/customers/cst_asha", { as: "support" })).id };
    },
    applied: { id: expect.stringMatching(/^ord_[0-9a-f-]{36}$/), customer: "cst_asha" },
    rolledBack: {
      id: expect.stringMatching(/^order-\d{6}$/),
      customer: expect.stringMatching(/^customer-\d{6}$/),
    },
  },
];

const steps = [...new Set(differences.map(({ step }) => step))];

describe.each(steps)("step %i", (step) => {
  const here = differences.filter((difference) => difference.step === step);

  beforeEach(async () => {
    await api.pool.query("truncate orders, delivery_statuses, billing_records, subscriptions cascade");
  });

  test.each(here)("applied: $when", async ({ act, applied }) => {
    expect(await act()).toMatchObject(applied as object);
  });

  describe("rolled back", () => {
    beforeAll(() => rollBack(api, step));
    afterAll(() => reapply(api, 19, 30));

    test.each(here)("$when", async ({ act, rolledBack }) => {
      expect(await act()).toMatchObject(rolledBack as object);
    });
  });
});

test("each step from 19 to 29 has its difference", () => {
  expect(steps).toEqual([19, 20, 21, 22, 23, 24, 25, 26, 27, 28, 29]);
});
