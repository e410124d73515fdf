import { readSettings } from "@earlybird-ops/platform";
import { sql } from "kysely";
import { afterAll, beforeAll, expect, test } from "vitest";
import { type Api, reapply, rollBack, startApi } from "../../../test/support/api.ts";
import { journeyToken } from "../auth/index.ts";
import { journeys } from "./index.ts";

let api: Api;
let url: string;

beforeAll(async () => {
  api = await startApi({ withDemo: true });
  url = await api.app.listen({ host: "127.0.0.1", port: 0 });
});
afterAll(() => api.stop());

const context = () => ({
  fetch: (path: string, init?: RequestInit) => fetch(new URL(path, url), init),
  pool: api.pool,
  settings: readSettings({ JWT_SECRET: api.secret }, "/dev/null"),
  dataDir: "/nonexistent",
  now: api.clock.now(),
});

/** The evidence of each journey by name; an error where it fails. */
const runAll = async (): Promise<Record<string, unknown>> => {
  const results: Record<string, unknown> = {};
  for (const { name, run } of journeys) results[name] = await run(context()).catch((error: unknown) => error);
  return results;
};

const rowCounts = async () => {
  const { rows } = await api.pool.query<{ counts: string }>(
    "select string_agg(relname || ' ' || n, ', ' order by relname) as counts from (select relname, (xpath('/row/n/text()', query_to_xml('select count(*) as n from ' || oid::regclass, false, true, '')))[1]::text as n from pg_class where relkind = 'r' and relnamespace = 'public'::regnamespace) t",
  );
  return rows[0]?.counts;
};

const expected = {
  "role admin": expect.stringMatching(/^10 users, \d+ open deliveries, \d+ active subscriptions$/),
  "role operator": expect.stringMatching(/ 10 orders$/),
  "role support": "10 customers, 10 deliveries",
  "role delivery": expect.stringMatching(/^\d+ stops in \d+ areas$/),
  "role customer": expect.stringMatching(/^\d+ orders, \d+ subscriptions$/),
  "role marketing": expect.stringMatching(/open deliveries/),
  "role supplier": "10 products",
  "orders and bills": expect.stringMatching(
    /^\d+ orders and ₹[\d.]+ billed today, \d+ and ₹[\d.]+ a week ago at this time$/,
  ),
};

test("each role reads its first pages, and no row is left behind", async () => {
  const before = await rowCounts();
  expect(await runAll()).toEqual(expected);
  expect(before).toContain("sessions ");
  expect(await rowCounts()).toBe(before);
});

test("also while role checks, consolidated routes and the links of customers are rolled back", async () => {
  for (const step of [24, 28, 21]) {
    const away = await rollBack(api, step);
    const results = await runAll();
    expect(results, `step ${step}`).toEqual(
      step === 21
        ? { ...expected, "role customer": "no active login of the role customer is linked to a customer" }
        : expected,
    );
    for (const each of away.toReversed()) await reapply(api, each);
  }
});

test("a role without a login is no failure", async () => {
  await sql`update users set active = false where role = 'supplier'`.execute(api.db);
  expect(await runAll()).toMatchObject({ "role supplier": "no active login has the role supplier" });
});

test("a day without orders fails if there were many a week ago", async () => {
  const { time_zone } = (await api.pool.query("select time_zone from business_settings")).rows[0];
  const { rows } = await api.pool.query(
    "select count(*)::int as then from orders where delivery_date = ($1::timestamptz at time zone $2)::date - 7 and status <> 'CANCELLED'",
    [api.clock.now(), time_zone],
  );
  expect(rows[0].then).toBeGreaterThan(20);
  await api.pool.query(
    "update orders set status = 'CANCELLED' where delivery_date = ($1::timestamptz at time zone $2)::date",
    [api.clock.now(), time_zone],
  );
  expect((await runAll())["orders and bills"]).toMatchObject({
    message: expect.stringMatching(/^0 orders .* today, \d{2,} and /),
  });
});

test("a journey's token reads only, and ends after a minute", async () => {
  const { rows } = await api.pool.query<{ id: string }>(
    "select id from users where role = 'admin' and active order by id limit 1",
  );
  const ask = (method: "GET" | "POST", path: string, at = api.clock.now()) =>
    api.app.inject({
      method,
      url: path,
      headers: { authorization: `Bearer ${journeyToken(api.secret, rows[0]?.id ?? "", at)}` },
      ...(method === "POST" && { payload: {} }),
    });
  expect((await ask("GET", "/api/users")).statusCode).toBe(200);
  expect((await ask("GET", "/api/rollback/steps")).statusCode).toBe(200);
  for (const path of ["/api/users", "/api/auth/logout", "/api/console/session", "/api/rollback/range"])
    expect((await ask("POST", path)).json(), path).toMatchObject({ status: 401 });
  const old = new Date(api.clock.now().getTime() - 61_000);
  expect((await ask("GET", "/api/users", old)).json()).toMatchObject({ code: "EB_TOKEN_EXPIRED" });
  const forged = `Bearer ${journeyToken("another secret that is long enough", rows[0]?.id ?? "", api.clock.now())}`;
  const refused = await api.app.inject({
    method: "GET",
    url: "/api/users",
    headers: { authorization: forged },
  });
  expect(refused.statusCode).toBe(401);
});
