import { afterAll, beforeAll, beforeEach, describe, expect, test } from "vitest";
import { type Api, reapply, rollBack, startApi } from "../../../test/support/api.ts";
import { password } from "../../../test/support/business.ts";

let api: Api;

beforeAll(async () => {
  api = await startApi();
});

afterAll(() => api.stop());

beforeEach(async () => {
  await reapply(api, 19, 30);
  await api.pool.query(
    "truncate orders, delivery_statuses, billing_records, subscriptions, shared_links cascade",
  );
});

const date = "2026-03-10";
const milk = [{ product_id: "prd_milk", quantity: 1 }];
const rows = async (query: string) => (await api.pool.query(query)).rows;

const place = async (as = "customer", delivery_date = date): Promise<string> =>
  (await api.ask("POST /api/orders", { as, body: { delivery_date, items: milk } })).id;

const confirm = (body: object) => api.ask("POST /api/deliveries/confirm", { as: "delivery", body });

const subscribe = async (): Promise<string> => {
  const body = {
    customer_id: "cst_asha",
    product_id: "prd_milk",
    quantity: 1,
    schedule: "daily",
    starts_on: date,
  };
  const { id } = await api.ask("POST /api/subscriptions", { as: "admin", body });
  await api.ask("POST /api/orders/generate", { as: "admin", body: { date } });
  return id;
};

/** What a re-apply said of its rows: table, action, count. */
const receiptOf = async (step: number) => {
  const [operation] = await api.engine.listOperations(1);
  const { receipts } = await api.engine.getOperationDetails(operation?.id ?? "");
  return receipts.find((receipt) => receipt.step === step)?.rows ?? [];
};

describe("ids that are rewritten while another step is rolled back", () => {
  test.each([
    ["19 comes back first", [19, 29]],
    ["29 comes back first", [29, 19]],
  ])("orders still know their subscription: %s", async (_, order) => {
    const subscription_id = await subscribe();
    await rollBack(api, 19);
    await rollBack(api, 29);
    for (const step of order) {
      await reapply(api, step);
      const orphans = "select o.id from orders o left join subscriptions s on s.id = o.subscription_id";
      if (step === 19) expect(await rows(`${orphans} where s.id is null`)).toEqual([]);
    }
    expect(await rows("select subscription_id from orders")).toEqual([{ subscription_id }]);
  });
});

describe("an order cancelled while step 22 is rolled back", () => {
  test("stays cancelled when it is re-applied, and is reported", async () => {
    const [cancelled, delivered] = [await place(), await place()];
    for (const order_id of [cancelled, delivered]) await confirm({ order_id });
    await rollBack(api, 22);
    await api.ask(`POST /api/orders/${cancelled}/cancel`, { as: "customer" });
    await reapply(api, 22, 23);
    const statuses = new Map(
      (await rows("select id, status from orders")).map(({ id, status }) => [id, status]),
    );
    expect([statuses.get(cancelled), statuses.get(delivered)]).toEqual(["CANCELLED", "DELIVERED"]);
    expect(await receiptOf(22)).toContainEqual({ table: "orders", action: "kept", rows: 1 });
  });
});

describe("deliveries confirmed while step 20 is rolled back", () => {
  test("are linked where exactly one order fits, and the rest is reported", async () => {
    await rollBack(api, 20);
    const alone = await place("binod");
    await place("customer");
    await place("customer");
    for (const customer_id of ["cst_asha", "cst_binod"]) await confirm({ customer_id, delivery_date: date });
    await reapply(api, 20);
    expect(await rows("select customer_id, order_id from delivery_statuses order by customer_id")).toEqual([
      { customer_id: "cst_asha", order_id: null },
      { customer_id: "cst_asha", order_id: null },
      { customer_id: "cst_binod", order_id: alone },
    ]);
    const counts = await receiptOf(20);
    expect(counts).toContainEqual({ table: "delivery_statuses", action: "filled", rows: 1 });
    expect(counts).toContainEqual({ table: "delivery_statuses", action: "unmatched", rows: 2 });
  });
});

describe("a shared link", () => {
  const states = [[], [28], [29], [28, 29]] as const;
  const enter = async (away: readonly number[]) => {
    for (const step of [28, 29]) await (away.includes(step) ? rollBack(api, step) : reapply(api, step));
  };

  test("works across steps 28 and 29, in whichever state it was made and is used", async () => {
    const links: { path: string; uses: number }[] = [];
    for (const [made, away] of states.entries()) {
      await enter(away);
      for (const uses of states.keys()) {
        const id = `cst_${made}_${uses}`;
        await api.changes.transaction((tx) =>
          tx
            .insertInto("customers")
            .values({
              id,
              name: `${made} ${uses}`,
              phone: `+91 98450 ${made}${uses}`,
              address: "1",
              area: "x",
            })
            .execute(),
        );
        const body = { customer_id: id, delivery_date: date, items: milk };
        await api.ask(`POST /api/orders${away.includes(28 as never) ? "/create" : ""}`, {
          as: "admin",
          body,
        });
        const { path } = await api.ask("POST /api/shared-links", {
          as: "admin",
          body: { customer_id: id, delivery_date: date },
        });
        links.push({ path, uses });
      }
    }
    for (const [using, away] of states.entries()) {
      await enter(away);
      for (const { path } of links.filter(({ uses }) => uses === using)) {
        expect(await api.ask(`GET ${path}`)).toMatchObject({ items: [{ name: "Milk" }], confirmed: false });
        expect(await api.ask(`POST ${path}/confirm`)).toEqual({ confirmed: 1 });
        expect(await api.refusal(`POST ${path}/confirm`)).toEqual([409, "EB_ALREADY_CONFIRMED"]);
      }
    }
    expect(await rows("select id from orders where status <> 'DELIVERED'")).toEqual([]);
  });
});

describe("what is deleted or renamed while steps are rolled back", () => {
  test("a subscription: yesterday's delete works, and step 19 comes back without it", async () => {
    const id = await subscribe();
    await rollBack(api, 19);
    expect((await api.pool.query("delete from subscriptions where id = $1", [id])).rowCount).toBe(1);
    await reapply(api, 19, 30);
    expect(await rows("select kind, subscription_id from orders")).toEqual([
      { kind: "subscription", subscription_id: null },
    ]);
  });

  test("a customer with a login: yesterday's delete works, and the login comes back without customer", async () => {
    const user = await api.ask("POST /api/auth/register", {
      body: {
        name: "Gita",
        email: "gita@example.com",
        phone: "+91 98450 77777",
        password,
        address: "7",
        area: "x",
      },
    });
    await rollBack(api, 21);
    const id = user.user.customer_id;
    expect((await api.pool.query("delete from customers where id = $1", [id])).rowCount).toBe(1);
    await reapply(api, 21);
    const answer = await api.send("POST /api/auth/login", { body: { email: "gita@example.com", password } });
    expect([answer.statusCode, answer.json().code]).toEqual([403, "EB_LOGIN_NOT_LINKED"]);
  });

  test("an order: yesterday's delete works, and its delivery and its bill come back without it", async () => {
    const order_id = await place();
    await confirm({ order_id });
    await api.ask("POST /api/billing/generate", { as: "admin", body: { period: "2026-03" } });
    await rollBack(api, 20);
    expect((await api.pool.query("delete from orders where id = $1", [order_id])).rowCount).toBe(1);
    await reapply(api, 19, 30);
    expect(await rows("select order_id, status from delivery_statuses")).toEqual([
      { order_id: null, status: "delivered" },
    ]);
    expect(await rows("select order_id, covers from billing_records")).toEqual([
      { order_id: null, covers: "order" },
    ]);
  });

  test("a product: its new name stands, and the delivered quantity is still known", async () => {
    const order_id = await place();
    await confirm({ order_id });
    await rollBack(api, 26);
    await rollBack(api, 29);
    await api.ask("PATCH /api/products/prd_milk", { as: "admin", body: { name: "Fresh milk" } });
    await reapply(api, 19, 30);
    const { items } = await api.ask("GET /api/deliveries", { as: "admin" });
    expect(items).toMatchObject([{ order_id, items: [{ product_id: "prd_milk", delivered_qty: 1 }] }]);
    const [product] = await rows("select name from products where id = 'prd_milk'");
    expect(product).toEqual({ name: "Fresh milk" });
    await api.ask("PATCH /api/products/prd_milk", { as: "admin", body: { name: "Milk" } });
  });
});

describe("what somebody else has hung on a column that a step parks", () => {
  const states = async () =>
    (await api.engine.getStatus()).steps.map(({ step, state }) => `${step} ${state}`);

  test.each([
    ["a view", "create view linked as select id, subscription_id from orders", "drop view linked"],
    [
      "a default",
      "alter table orders alter subscription_id set default null::text || ''",
      "alter table orders alter subscription_id drop default",
    ],
    [
      "a check",
      "alter table orders add constraint named check (kind = 'one_time' or subscription_id is not null)",
      "alter table orders drop constraint named",
    ],
  ])("%s stops the rollback, which names it and changes nothing", async (_, hang, take) => {
    const before = await states();
    await api.pool.query(hang);
    await expect(rollBack(api, 19)).rejects.toMatchObject({ code: "EB_STEP_OBSTRUCTED", exitStatus: 4 });
    expect(await states()).toEqual(before);
    await api.pool.query(take);
    await rollBack(api, 19);
  });
});
