import { readFile } from "node:fs/promises";
import { afterAll, beforeAll, beforeEach, describe, expect, test } from "vitest";
import { type Api, rollBack, startApi } from "../../../test/support/api.ts";
import { password } from "../../../test/support/business.ts";
import { networkOf } from "../addresses.ts";
import { forgetEndedWindows } from "./login-budgets.ts";
import { longestQueue, verifyPassword } from "./passwords.ts";

let api: Api;
/** A second instance on the same database. */
let other: Api;

beforeAll(async () => {
  api = await startApi();
  other = await startApi({ beside: api });
});

beforeEach(() => api.pool.query("truncate login_budgets, known_addresses"));

afterAll(async () => {
  await other.stop();
  await api.stop();
});

const login = (email: string, remoteAddress: string, typed = "a wrong guess", through = api) =>
  through.send("POST /api/auth/login", { body: { email, password: typed }, remoteAddress });

const statusOf = async (...request: Parameters<typeof login>) => (await login(...request)).statusCode;

/** How many of the answers have each status. */
const count = (statuses: readonly number[]) => {
  const counts: Record<number, number> = {};
  for (const status of statuses) counts[status] = (counts[status] ?? 0) + 1;
  return counts;
};

/** As if so many attempts had been counted in every budget beyond the pair's, without the time that hashing takes. */
const spend = (attempts: number) =>
  api.pool.query("update login_budgets set remaining = remaining - $1 where remaining > 10", [attempts]);

describe("guesses", () => {
  test("sent all at once to two instances are evaluated as often as the budget of the pair allows", async () => {
    const statuses = await Promise.all(
      Array.from({ length: 400 }, (_, n) =>
        statusOf("admin@example.com", "203.0.113.1", `guess ${n}`, n % 2 ? api : other),
      ),
    );
    expect(count(statuses)).toEqual({ 401: 10, 429: 390 });
    const { rows } = await api.pool.query(
      "select distinct remaining from login_budgets where remaining < 40",
    );
    expect(rows).toEqual([{ remaining: 0 }]);
  });

  test("of one account from many addresses are limited, and the right password of its owner is not", async () => {
    const [home, abroad] = ["198.51.100.1", "198.51.100.2"];
    expect(await statusOf("admin@example.com", home, password)).toBe(200);
    await login("admin@example.com", "203.0.113.1");
    await spend(48);
    const strangers = [1, 2, 3].map((n) => statusOf("admin@example.com", `203.0.113.${n + 1}`));
    expect(count(await Promise.all(strangers))).toEqual({ 401: 1, 429: 2 });
    // An address that the account does not know, an address that it knows, and another account.
    expect(await statusOf("admin@example.com", abroad, password, other)).toBe(429);
    expect(await statusOf("admin@example.com", home, password, other)).toBe(200);
    expect(await statusOf("operator@example.com", abroad, password)).toBe(200);
    api.clock.advanceMs(5 * 60_000);
    expect(await statusOf("admin@example.com", abroad, password)).toBe(200);
    // Known for ninety days; then the strangers would be stopped, and it with them.
    await api.pool.query("update known_addresses set last_login_at = last_login_at - interval '90 days'");
    await login("admin@example.com", "203.0.113.1");
    await spend(49);
    expect(await statusOf("admin@example.com", home, password)).toBe(429);
  });

  test("at many accounts from one address are limited, from loopback they are not", async () => {
    const [sprayer, sameNetwork] = ["2001:db8:0:7::1", "2001:db8:0:7:ffff::2"];
    await login("nobody-0@example.com", sprayer);
    await spend(48);
    const sprayed = [1, 2, 3].map((n) => statusOf(`nobody-${n}@example.com`, sameNetwork));
    expect(count(await Promise.all(sprayed))).toEqual({ 401: 1, 429: 2 });
    const refused = await login("admin@example.com", sprayer, password);
    expect(refused.statusCode).toBe(429);
    expect(Number(refused.headers["retry-after"])).toBe(300);
    expect(await statusOf("admin@example.com", "2001:db8:0:8::1", password)).toBe(200);
    await login("nobody-1@example.com", "127.0.0.1");
    await spend(50);
    expect(await statusOf("nobody-4@example.com", "127.0.0.1")).toBe(401);
  });

  test("that are refused are counted nowhere, and what succeeds is given back, through a rolled back step 29", async () => {
    const home = "198.51.100.1";
    await login("admin@example.com", home, password);
    for (let guess = 0; guess < 12; guess++) await login("admin@example.com", "203.0.113.1");
    const budgets = "select remaining, ends_at from login_budgets order by key";
    const before = (await api.pool.query(budgets)).rows;
    expect(before.map(({ remaining }) => remaining).sort((a, b) => a - b)).toEqual([0, 10, 40, 40, 50]);
    await rollBack(api, 29);
    expect((await api.pool.query(budgets)).rows).toEqual(before);
    await spend(50);
    expect(await statusOf("admin@example.com", "198.51.100.2", password)).toBe(429);
    expect(await statusOf("admin@example.com", home, password)).toBe(200);
    await api.pool.query("update login_budgets set remaining = 0");
    expect(await statusOf("admin@example.com", home, password)).toBe(429);
  });

  test("are refused while their budget cannot be read", async () => {
    await api.pool.query("alter table login_budgets rename to unreadable");
    expect(await statusOf("admin@example.com", "203.0.113.1", password)).toBe(500);
    await api.pool.query("alter table unreadable rename to login_budgets");
  });

  test("are forgotten when their window has ended", async () => {
    await login("admin@example.com", "203.0.113.1");
    const windows = async () => (await api.pool.query("select from login_budgets")).rowCount;
    await forgetEndedWindows(api);
    expect(await windows()).toBe(3);
    api.clock.advanceMs(5 * 60_000);
    await forgetEndedWindows(api);
    expect(await windows()).toBe(0);
  });
});

test("registrations and invitations have a budget for each address", async () => {
  const newcomer = { phone: "+91 98450 12345", address: "4 Temple Road", area: "Basavanagudi" };
  const requests = {
    "POST /api/auth/register": { ...newcomer, name: "Deepa", email: "admin@example.com", password },
    "POST /api/auth/accept-invitation": { token: "no", name: "Deepa", email: "d@example.com", password },
  };
  for (const [route, body] of Object.entries(requests)) {
    const from = (remoteAddress: string) => api.send(route, { body, remoteAddress });
    await from("203.0.113.1");
    await spend(19);
    const refused = await from("203.0.113.1");
    expect([refused.statusCode, refused.headers["retry-after"]]).toEqual([429, "3600"]);
    expect((await from("203.0.113.2")).statusCode).toBeLessThan(410);
  }
});

describe("a flood of logins", () => {
  test("is refused beyond what the queue holds, with Retry-After, while orders are placed", async () => {
    const flood = Array.from({ length: 200 }, (_, n) =>
      login(`nobody-${n}@example.com`, `203.0.113.${n}`).then((answer) => answer),
    );
    const order = { delivery_date: "2026-03-11", items: [{ product_id: "prd_milk", quantity: 1 }] };
    expect((await api.send("POST /api/orders", { as: "customer", body: order })).statusCode).toBe(201);
    const answers = await Promise.all(flood);
    expect(count(answers.map(({ statusCode }) => statusCode))).toEqual({ 401: 24, 429: 176 });
    for (const { statusCode, headers } of answers) {
      if (statusCode === 429) expect(headers["retry-after"]).toBe("2");
    }
  });

  test("leaves the file system, DNS and TLS their threads, and its queue ends", async () => {
    let settled = 0;
    const checks = await Promise.allSettled([
      ...Array.from({ length: longestQueue + 10 }, () =>
        verifyPassword(undefined, "a guess").finally(() => {
          settled += 1;
        }),
      ),
      // On the threads of libuv, this would come after the hashes that were asked for before it.
      readFile(new URL(import.meta.url)).then(() => expect(settled).toBeLessThan(longestQueue / 2)),
    ]);
    const refused = checks.filter((check) => check.status === "rejected");
    expect(refused.length).toBeGreaterThan(0);
    for (const { reason } of refused) expect(reason).toMatchObject({ code: "EB_TOO_MANY_REQUESTS" });
    expect(await verifyPassword(undefined, "a guess")).toBe(false);
  });
});

test.each([
  ["203.0.113.9", "203.0.113.9"],
  ["::ffff:203.0.113.9", "203.0.113.9"],
  ["2001:DB8:0:7:1:2:3:4", "2001:db8:0:7::/64"],
  ["2001:db8::1", "2001:db8:0:0::/64"],
  ["::1", "0:0:0:0::/64"],
  ["fe80::1%eth0", "fe80:0:0:0::/64"],
])("the network of %s is %s", (address, network) => {
  expect(networkOf(address)).toBe(network);
});
