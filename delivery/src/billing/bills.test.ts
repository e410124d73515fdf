import { afterAll, beforeAll, beforeEach, describe, expect, test } from "vitest";
import { type Api, reapply, rollBack, startApi } from "../../../test/support/api.ts";

let api: Api;
beforeAll(async () => {
  api = await startApi();
});
afterAll(() => api.stop());

beforeEach(async () => {
  api.clock.set("2026-02-10T06:00:00Z");
  await api.pool.query(
    "truncate orders, delivery_statuses, billing_records, billing_runs, subscriptions cascade",
  );
});

const as = "operator";
const generate = (period: string) => api.ask("POST /api/billing/generate", { as, body: { period } });
const issue = (period: string) => api.ask("POST /api/billing/issue", { as, body: { period } });
const confirm = (order_id: string, delivered_qty: number) =>
  api.ask("POST /api/deliveries/confirm", {
    as: "delivery",
    body: { order_id, items: [{ product_id: "prd_milk", delivered_qty }] },
  });
const bills = async () =>
  (await api.ask("GET /api/billing", { as })).items.map(
    ({ period, covers, supplements, amount_paise, status }: Record<string, unknown>) => ({
      period,
      covers,
      supplements,
      amount_paise,
      status,
    }),
  );

/** An order of Asha's subscription of `quantity` packets at 2,800 paise for a day, not yet confirmed. */
const order = async (date: string, quantity = 2): Promise<string> => {
  const id = `ord_${date}`;
  await api.pool.query(
    `insert into orders (id, customer_id, kind, items, total_paise, delivery_date, status)
     values ($1, 'cst_asha', 'subscription', $2, $3, $4, 'CONFIRMED')`,
    [
      id,
      JSON.stringify([{ product_id: "prd_milk", quantity, unit_price_paise: 2_800 }]),
      2_800 * quantity,
      date,
    ],
  );
  return id;
};

/** February: one order delivered in part, one not yet confirmed; billed and issued. */
const issuedFebruary = async (): Promise<string> => {
  await confirm(await order("2026-02-09"), 1);
  const late = await order("2026-02-10");
  await generate("2026-02");
  await issue("2026-02");
  return late;
};

const base = { period: "2026-02", covers: "subscriptions", supplements: null, amount_paise: 2_800 };

describe("a delivery after its month was issued", () => {
  test("is billed once by the run of a later month, by a supplement that names the month", async () => {
    const late = await issuedFebruary();
    api.clock.set("2026-03-05T06:00:00Z");
    await confirm(late, 2);
    expect(await generate("2026-03")).toMatchObject({ supplements: 1, subscription_bills: 0 });
    expect(await generate("2026-03")).toMatchObject({ supplements: 0, corrected_drafts: 0 });
    expect(await generate("2026-02")).toMatchObject({ supplements: 0, corrected_drafts: 0 });
    expect(await bills()).toEqual([
      {
        period: "2026-03",
        covers: "supplement",
        supplements: "2026-02",
        amount_paise: 5_600,
        status: "draft",
      },
      { ...base, status: "issued" },
    ]);
  });

  test("a correction downwards is a credit, and one upwards after it takes it back", async () => {
    await issuedFebruary();
    const correct = (quantity: number) =>
      api.pool.query(
        "update delivery_statuses set items = jsonb_set(items, '{0,delivered_qty}', to_jsonb($1::int)) where items is not null",
        [quantity],
      );
    await correct(0);
    expect(await generate("2026-02")).toMatchObject({ supplements: 1 });
    expect(await bills()).toMatchObject([{ covers: "supplement", amount_paise: -2_800 }, base]);
    await issue("2026-02");
    await correct(2);
    expect(await generate("2026-02")).toMatchObject({ supplements: 1 });
    expect((await bills()).map(({ amount_paise }: { amount_paise: number }) => amount_paise)).toEqual([
      5_600, -2_800, 2_800,
    ]);
  });

  test("waits while step 26 is rolled back: no issued month is charged anew by what was ordered", async () => {
    const late = await issuedFebruary();
    await confirm(late, 1);
    await rollBack(api, 26);
    api.clock.set("2026-03-05T06:00:00Z");
    for (const month of ["2026-02", "2026-03"])
      expect(await generate(month)).toMatchObject({ supplements: 0, subscription_bills: 0 });
    await reapply(api, 26);
    expect(await generate("2026-03")).toMatchObject({ supplements: 1 });
    expect(await bills()).toMatchObject([{ covers: "supplement", amount_paise: 2_800 }, base]);
  });

  test("is credited where a bill charged what was ordered, once step 26 is back", async () => {
    await confirm(await order("2026-02-09"), 1);
    await generate("2026-02");
    await rollBack(api, 26);
    expect(await generate("2026-02")).toMatchObject({ corrected_drafts: 1 });
    await issue("2026-02");
    await reapply(api, 26);
    api.clock.set("2026-03-05T06:00:00Z");
    expect(await generate("2026-03")).toMatchObject({ supplements: 1 });
    expect(await generate("2026-03")).toMatchObject({ supplements: 0, corrected_drafts: 0 });
    expect(await bills()).toMatchObject([
      { covers: "supplement", amount_paise: -2_800 },
      { covers: "subscriptions", amount_paise: 5_600 },
    ]);
  });

  test("what a bill charges for an order follows step 29", async () => {
    const late = await issuedFebruary();
    await confirm(late, 2);
    const lines = async () =>
      (await api.pool.query("select bill_id, order_id, amount_paise from bill_lines order by order_id")).rows;
    const notes = async () => (await api.pool.query("select order_id from deliveries_to_bill")).rows;
    const before = [await lines(), await notes()];
    await rollBack(api, 29);
    expect((await lines())[0]).toMatchObject({
      bill_id: expect.stringMatching(/^bill-/),
      order_id: expect.stringMatching(/^order-/),
    });
    await reapply(api, 29);
    expect([await lines(), await notes()]).toEqual(before);
    expect(await generate("2026-02")).toMatchObject({ supplements: 1 });
  });

  test("an issued bill of a version without lines covers the deliveries confirmed before its creation", async () => {
    const late = await issuedFebruary();
    await api.pool.query("delete from bill_lines; delete from deliveries_to_bill");
    api.clock.set("2026-02-11T06:00:00Z");
    await confirm(late, 2);
    expect(await generate("2026-02")).toMatchObject({ supplements: 1 });
    expect(await bills()).toMatchObject([{ covers: "supplement", amount_paise: 5_600 }, base]);
  });
});

describe("a bill", () => {
  const only = async () => (await api.ask("GET /api/billing", { as })).items[0];
  const send = (action: string, body?: object) => async (id: string) => {
    const answer = await api.send(`POST /api/billing/${id}/${action}`, { as, ...(body && { body }) });
    return [answer.statusCode, answer.json().code ?? answer.json().status];
  };
  const pay = (reference: string, rest: object = {}) => send("pay", { method: "upi", reference, ...rest });
  const voidIt = send("void", { reason: "Wrong customer" });

  beforeEach(async () => {
    await confirm(await order("2026-02-09"), 2);
    await generate("2026-02");
  });

  test("goes from draft by issued to paid, remembers by whom, and is final then", async () => {
    const { id } = await only();
    expect(await pay("A1")(id)).toEqual([409, "EB_BILL_STATE"]);
    expect(await send("issue")(id)).toEqual([200, "issued"]);
    expect(await send("issue")(id)).toEqual([409, "EB_BILL_STATE"]);
    expect(await pay("A1", { paid_at: "2026-02-11T00:00:00Z" })(id)).toEqual([422, "EB_PAID_IN_THE_FUTURE"]);
    expect(await pay("A1", { paid_at: "2026-02-10T05:00:00+05:30" })(id)).toEqual([200, "paid"]);
    const refusal = await api.send(`POST /api/billing/${id}/void`, { as, body: { reason: "x" } });
    expect(refusal.json()).toMatchObject({
      code: "EB_BILL_STATE",
      remedy: expect.stringContaining("supplement"),
    });
    expect(await only()).toMatchObject({
      issued_by: "usr_operator",
      issued_at: "2026-02-10T06:00:00.000Z",
      paid_by: "usr_operator",
      paid_at: "2026-02-09T23:30:00.000Z",
      payment_method: "upi",
      payment_reference: "A1",
    });
  });

  test("is paid by no payment that is booked already", async () => {
    await confirm(await order("2026-02-08"), 2);
    await issue("2026-02");
    await generate("2026-02");
    await issue("2026-02");
    const [first, second] = (await api.ask("GET /api/billing", { as })).items;
    expect(await pay("A1")(first.id)).toEqual([200, "paid"]);
    expect(await pay("A1")(second.id)).toEqual([409, "EB_PAYMENT_BOOKED"]);
    expect(await pay("A2")(second.id)).toEqual([200, "paid"]);
  });

  test.each(["subscription", "one_time"])(
    "that is void (%s) leaves its orders to the next run",
    async (kind) => {
      const { id: made } = await only();
      await voidIt(made);
      await api.pool.query("update orders set kind = $1", [kind]);
      await generate("2026-02");
      const { id } = await only();
      await issue("2026-02");
      expect(await voidIt(id)).toEqual([200, "void"]);
      api.clock.set("2026-03-05T06:00:00Z");
      await generate("2026-03");
      expect((await bills()).filter(({ status }: { status: string }) => status !== "void")).toMatchObject([
        { period: "2026-03", amount_paise: 5_600 },
      ]);
    },
  );

  test("is shown with its lines to management and to its customer only", async () => {
    const { id } = await only();
    const bill = await api.ask(`GET /api/billing/${id}`, { as: "customer" });
    expect(bill.lines).toEqual([
      {
        order_id: "ord_2026-02-09",
        delivery_date: "2026-02-09",
        products: [
          {
            product_id: "prd_milk",
            name: "Milk",
            unit: "500 ml",
            ordered_qty: 2,
            delivered_qty: 2,
            unit_price_paise: 2_800,
          },
        ],
        amount_paise: 5_600,
      },
    ]);
    expect(await api.refusal(`GET /api/billing/${id}`, { as: "binod" })).toEqual([404, "EB_BILL_NOT_FOUND"]);
    expect(await api.refusal("POST /api/billing/bil_none/issue", { as })).toEqual([404, "EB_BILL_NOT_FOUND"]);
    for (const action of ["issue", "pay", "void"])
      expect(await api.refusal(`POST /api/billing/${id}/${action}`, { as: "customer", body: {} })).toEqual([
        403,
        "EB_FORBIDDEN",
      ]);
  });

  test("and its payment are on the customer's statement; a month opens as the one before closed", async () => {
    const { id } = await only();
    await issue("2026-02");
    api.clock.set("2026-03-05T06:00:00Z");
    await pay("A1")(id);
    await confirm(await order("2026-03-04"), 1);
    await generate("2026-03");
    const statement = (period: string, who = "customer") =>
      api.ask(`GET /api/billing/statement?period=${period}`, { as: who });
    expect(await statement("2026-02")).toMatchObject({
      opening_balance_paise: 0,
      bills: [{ id, amount_paise: 5_600, lines: [{ delivery_date: "2026-02-09", amount_paise: 5_600 }] }],
      billed_paise: 5_600,
      payments: [],
      closing_balance_paise: 5_600,
    });
    const march = { opening_balance_paise: 5_600, paid_paise: 5_600 };
    expect(await statement("2026-03")).toMatchObject({ ...march, bills: [], closing_balance_paise: 0 });
    await issue("2026-03");
    expect(await statement("2026-03")).toMatchObject({
      ...march,
      payments: [{ bill_id: id, amount_paise: 5_600, method: "upi", reference: "A1" }],
      closing_balance_paise: 2_800,
    });
    api.clock.set("2026-04-05T06:00:00Z");
    expect(await statement("2026-04")).toMatchObject({
      opening_balance_paise: 2_800,
      payments: [],
      closing_balance_paise: 2_800,
    });
    expect(await statement("2026-03", "binod")).toMatchObject({ bills: [], closing_balance_paise: 0 });
    const of = (customer: string) => `GET /api/billing/statement?period=2026-03&customer_id=${customer}`;
    expect(await api.refusal(of("cst_asha"), { as: "binod" })).toEqual([403, "EB_NOT_YOURS"]);
    expect(await api.refusal(of("cst_nobody"), { as })).toEqual([404, "EB_CUSTOMER_NOT_FOUND"]);
    expect(await api.ask(of("cst_asha"), { as })).toMatchObject({ closing_balance_paise: 2_800 });
  });
});
