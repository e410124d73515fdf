import { sql } from "kysely";
import { afterAll, beforeAll, beforeEach, describe, expect, test } from "vitest";
import { type Api, type ApiRequest, rollBack, startApi } from "../../../test/support/api.ts";
import { claimKey, forgetOldKeys, holdClaim } from "./claims.ts";

let api: Api;

beforeAll(async () => {
  api = await startApi();
});

afterAll(() => api.stop());

beforeEach(async () => {
  api.clock.set("2026-03-10T06:00:00Z");
  await api.pool.query("truncate orders, delivery_statuses, shared_links, idempotency_keys cascade");
});

const body = { delivery_date: "2026-03-10", items: [{ product_id: "prd_milk", quantity: 2 }] };

const post = (
  key: string,
  { route = "POST /api/orders", ...request }: ApiRequest & { route?: string } = {},
) => api.send(route, { as: "customer", body, ...request, headers: { "idempotency-key": key } });

const countOf = async (table: string): Promise<number> =>
  (await api.pool.query(`select count(*) from ${table}`)).rows[0].count;

/** As when a process is killed between the commit of its work and the storing of the answer. */
const losingAnswers = async <T>(work: () => PromiseLike<T>): Promise<T> => {
  await api.pool.query(`
    create function lose_answer() returns trigger language plpgsql as $$ begin raise 'killed'; end $$;
    create trigger lose_answer before update on idempotency_keys
      for each row when (new.answer is not null) execute function lose_answer()`);
  const result = await work();
  await api.pool.query("drop function lose_answer cascade");
  return result;
};

test("twenty requests at once with one key make one order, and each later one gets the same answer", async () => {
  const answers = await Promise.all(Array.from({ length: 20 }, () => post("k1")));
  const made = answers.filter(({ statusCode }) => statusCode === 201);
  for (const early of answers.filter(({ statusCode }) => statusCode !== 201)) {
    expect(early.json()).toMatchObject({ status: 409, code: "EB_IDEMPOTENCY_IN_PROGRESS" });
    expect(early.headers["retry-after"]).toBe("1");
  }
  expect(made.length).toBeGreaterThan(0);
  expect(made.filter(({ headers }) => headers["idempotency-replayed"] === undefined)).toHaveLength(1);
  const again = await post("k1");
  expect(again.headers["idempotency-replayed"]).toBe("true");
  expect([again.statusCode, again.headers["content-type"]]).toEqual([201, made[0]?.headers["content-type"]]);
  expect(new Set([...made, again].map((answer) => answer.body)).size).toBe(1);
  expect(await countOf("orders")).toBe(1);
});

test("without a key, a request is done each time it comes", async () => {
  await api.ask("POST /api/orders", { as: "customer", body });
  await api.ask("POST /api/orders", { as: "customer", body });
  expect(await countOf("orders")).toBe(2);
});

test("a key belongs to a login, a route and a request", async () => {
  const first = (await post("k1")).json();
  const other = { ...body, notes: "ring twice" };
  expect((await post("k1", { body: other })).json().code).toBe("EB_IDEMPOTENCY_KEY_REUSED");
  expect((await post("k1", { as: "binod" })).json().customer_id).toBe("cst_binod");
  const cancel = await post("k1", { route: `POST /api/orders/${first.id}/cancel`, body: undefined });
  expect(cancel.json().status).toBe("CANCELLED");
  const elsewhere = await post("k1", { route: "POST /api/orders/ord_other/cancel", body: undefined });
  expect(elsewhere.json().code).toBe("EB_IDEMPOTENCY_KEY_REUSED");
});

test.each(["", "k".repeat(256), "clé"])("the key %j is refused", async (key) => {
  expect((await post(key)).json()).toMatchObject({ status: 400, code: "EB_INVALID_REQUEST" });
});

test("a refusal is repeated like any answer, also when it would no longer be made", async () => {
  const yesterday = { ...body, delivery_date: "2026-03-09" };
  const refused = await post("k1", { body: yesterday });
  expect(refused.json().code).toBe("EB_DELIVERY_DATE_OUT_OF_RANGE");
  api.clock.set("2026-03-09T23:00:00Z");
  const again = await post("k1", { body: yesterday });
  expect([again.statusCode, again.body]).toEqual([422, refused.body]);
  expect(again.headers["content-type"]).toContain("application/problem+json");
});

test("after a fault of the server the key works at once", async () => {
  await api.pool.query("alter table orders rename to orders_away");
  expect((await post("k1")).statusCode).toBe(500);
  await api.pool.query("alter table orders_away rename to orders");
  expect((await post("k1")).statusCode).toBe(201);
});

describe("when the process is killed", () => {
  test("before its work is committed, the key works again after a minute", async () => {
    await claimKey(api, {
      owner: { userId: "usr_customer" },
      route: "POST /api/orders",
      key: "k1",
      fingerprint: await fingerprintOf("k0"),
      now: api.clock.now(),
    });
    api.clock.advanceMs(59_000);
    expect((await post("k1")).json().code).toBe("EB_IDEMPOTENCY_IN_PROGRESS");
    api.clock.advanceMs(1_000);
    expect((await post("k1")).statusCode).toBe(201);
    expect(await countOf("orders")).toBe(2);
  });

  test("after it is committed, the answer is made again, and the work is not", async () => {
    const link = { route: "POST /api/shared-links", body: { delivery_date: "2026-03-10" } };
    const [order, shared] = await losingAnswers(async () => [await post("k1"), await post("k1", link)]);
    expect([order?.statusCode, shared?.statusCode]).toEqual([201, 201]);
    expect((await post("k1")).json().code).toBe("EB_IDEMPOTENCY_IN_PROGRESS");
    api.clock.advanceMs(60_000);
    for (const _ of ["made again", "replayed"]) {
      expect((await post("k1")).body).toBe(order?.body);
      expect((await post("k1", link)).body).toBe(shared?.body);
    }
    expect([await countOf("orders"), await countOf("shared_links")]).toEqual([1, 1]);
  });

  test("and the answer cannot be made again, the retry gets the error that the work was done", async () => {
    await losingAnswers(() => post("k1"));
    api.clock.set("2026-03-11T01:00:00Z");
    expect((await post("k1")).json()).toMatchObject({ status: 409, code: "EB_IDEMPOTENCY_ANSWER_LOST" });
    // It names the key: should the work come within reach again, its answer is still made.
    expect((await post("k1")).headers["idempotency-replayed"]).toBeUndefined();
    expect(await countOf("orders")).toBe(1);
  });
});

/** Of the order of these tests: what a request with the key stored. */
const fingerprintOf = async (key: string): Promise<string> => {
  await post(key);
  return (await api.pool.query("select fingerprint from idempotency_keys where key = $1", [key])).rows[0]
    .fingerprint;
};

test("a slow request keeps its key while its transaction is open", async () => {
  const { slow, second } = await api.db.transaction().execute(async (tx) => {
    // Should the second one wait as well, nobody else would let go.
    await sql`set local idle_in_transaction_session_timeout = '3s'`.execute(tx);
    await sql`lock table orders in access exclusive mode`.execute(tx);
    const slow = Promise.resolve(post("k1"));
    const waiting = "pg_stat_activity where datname = current_database() and wait_event_type = 'Lock'";
    await expect.poll(() => countOf(waiting)).toBe(1);
    api.clock.advanceMs(120_000);
    return { slow: { answer: slow }, second: await post("k1") };
  });
  expect(second.json().code).toBe("EB_IDEMPOTENCY_IN_PROGRESS");
  expect((await slow.answer).statusCode).toBe(201);
  expect(await countOf("orders")).toBe(1);
});

test("a request whose key was taken over commits nothing", async () => {
  const request = { owner: { userId: "usr_customer" }, route: "POST /x", key: "k1", fingerprint: "f" };
  const first = await claimKey(api, { ...request, now: api.clock.now() });
  api.clock.advanceMs(60_000);
  const second = await claimKey(api, { ...request, now: api.clock.now() });
  if (first.state !== "claimed" || second.state !== "claimed") throw new Error("both ought to have the key");
  const held = await api.changes.transaction(async (tx) => [
    await holdClaim(tx, first.claim),
    await holdClaim(tx, second.claim),
  ]);
  expect(held).toEqual([false, true]);
});

test("on a public route a key belongs to an address", async () => {
  const { path } = await api.ask("POST /api/shared-links", {
    as: "customer",
    body: { delivery_date: "2026-03-10" },
  });
  await api.ask("POST /api/orders", { as: "customer", body });
  const confirm = (remoteAddress: string) =>
    api.send(`POST ${path}/confirm`, { remoteAddress, body: {}, headers: { "idempotency-key": "k1" } });
  const first = await confirm("192.0.2.1");
  expect(first.json()).toEqual({ confirmed: 1 });
  expect((await confirm("192.0.2.1")).body).toBe(first.body);
  expect((await confirm("192.0.2.2")).json().code).toBe("EB_ALREADY_CONFIRMED");
});

test("what an answer holds cannot be read in the table", async () => {
  const link = { route: "POST /api/shared-links", body: { delivery_date: "2026-03-10" } };
  const { token } = (await post("k1", link)).json();
  const { rows } = await api.pool.query("select k::text, encode(answer, 'escape') from idempotency_keys k");
  expect(rows).toHaveLength(1);
  expect(JSON.stringify(rows)).not.toContain(token);
});

test("a day later a key is new, and its row goes", async () => {
  const { id } = (await post("k1")).json();
  await post("k2");
  api.clock.set("2026-03-11T06:00:00Z");
  const later = { ...body, delivery_date: "2026-03-11" };
  expect((await post("k1", { body: later })).json().id).not.toBe(id);
  await forgetOldKeys(api);
  expect((await api.pool.query("select key from idempotency_keys")).rows).toEqual([{ key: "k1" }]);
});

test("a key goes on working on the old path and with the ids of the other style", async () => {
  const { body: answer } = await post("k1");
  expect((await post("k1", { route: "POST /api/orders/create" })).statusCode).toBe(308);
  await rollBack(api, 29);
  const again = await post("k1");
  expect([again.headers["idempotency-replayed"], again.body]).toEqual(["true", answer]);
  await rollBack(api, 28);
  expect((await post("k1", { route: "POST /api/orders/create" })).body).toBe(answer);
  expect(await countOf("orders")).toBe(1);
});
