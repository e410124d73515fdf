import { type AddressInfo, connect } from "node:net";
import fastify, { type FastifyInstance, type InjectOptions } from "fastify";
import { afterEach, beforeEach, describe, expect, test } from "vitest";
import { StandingClock } from "../../../../test/support/clock.ts";
import { Failure } from "../../core/failure.ts";
import { createLogger } from "../../core/logger.ts";
import { problems } from "../../http/problems.ts";
import { PerformanceMetrics, recordRequests } from "../../monitoring/index.ts";
import { BruteForceDetector } from "./brute-force-detector.ts";
import { watchLogins } from "./successful-logins.ts";
import { recordRefusal, watchUnauthorizedAccess } from "./unauthorized-access.ts";

let clock: StandingClock;
let raised: { key: string; severity: string; message: string; details: Record<string, string | number> }[];
let app: FastifyInstance;
let away: boolean;
let performance: PerformanceMetrics;

const refuse = (status: number, code: string) => {
  throw new Failure(code, status, "No.", "Do not.");
};

beforeEach(async () => {
  clock = new StandingClock("2026-03-10T06:00:00Z");
  raised = [];
  away = false;
  const thresholds = { failedLogins: 3, refusals: 5, windowSeconds: 60 };
  const raise = (alert: (typeof raised)[number]) => void raised.push(alert);
  const watch = new BruteForceDetector({ alarm: { raise: raise as never }, clock, thresholds });
  const source = {
    watch,
    whoIs: async ({ headers }: { headers: Record<string, unknown> }) => {
      if (away) throw new Error("the database is away");
      return typeof headers.login === "string" ? { id: headers.login, name: "Asha" } : null;
    },
    mayOperate: async ({ headers }: { headers: Record<string, unknown> }) => headers.login === "usr_operator",
    harmless: ["EB_UNLINKED"],
    log: createLogger("silent"),
  };
  app = fastify();
  await app.register(problems, { isDatabaseUnavailable: () => false });
  performance = new PerformanceMetrics();
  recordRequests(app, {
    performance,
    onRefused: (request, reply) => recordRefusal(request, reply, source),
  });
  watchLogins(app, watch);
  await app.register(async (scope) => {
    watchUnauthorizedAccess(scope, source);
    scope.get("/ops/:step", async () => refuse(403, "EB_NO"));
  });
  app.get("/orders", async ({ headers }) => (headers.login ? refuse(403, "EB_NO") : refuse(401, "EB_WHO")));
  app.get("/unlinked", async () => refuse(403, "EB_UNLINKED"));
  app.get("/fine", async () => "fine");
  const loginFor = ({ body }: { body: unknown }) => (body as { email?: string } | undefined)?.email;
  app.post("/login", { config: { loginFor } }, async ({ headers }) => {
    const answer = Number(headers.answer ?? 401);
    return answer < 300 ? "welcome" : refuse(answer, "EB_WRONG");
  });
});

afterEach(() => app.close());

/** Until the request is over, which is a moment after its answer. */
const ask = async (request: InjectOptions) => {
  const before = performance.recorded;
  await app.inject(request);
  await expect.poll(() => performance.recorded, { interval: 1 }).toBe(before + 1);
};
const get = (url: string, { address = "203.0.113.9", login }: { address?: string; login?: string } = {}) =>
  ask({ url, remoteAddress: address, ...(login && { headers: { login } }) });
const logIn = (email: unknown, address: string, answer = 401) =>
  ask({
    url: "/login",
    method: "POST",
    remoteAddress: address,
    headers: { answer: String(answer) },
    payload: { email, password: "hunter2" },
  });
const many = async (times: number, one: (n: number) => Promise<unknown>) => {
  for (let n = 0; n < times; n++) await one(n);
};

describe("refusals", () => {
  test("many from one address raise an alert, each time again; a few do not", async () => {
    await many(4, () => get("/orders"));
    await many(10, () => get("/fine"));
    await many(10, () => get("/nowhere"));
    expect(raised).toEqual([]);
    await get("/orders");
    await get("/orders");
    expect(raised).toHaveLength(2);
    expect(raised[0]).toEqual({
      type: "SECURITY_ALERT",
      severity: "warning",
      key: "refusals address 203.0.113.9",
      message: "5 requests or more were refused from 203.0.113.9 within 60 s.",
      details: { address: "203.0.113.9", last_route: "GET /orders", window_seconds: 60 },
    });
  });

  test("spread over time or addresses raise no alert", async () => {
    await many(20, async () => {
      await get("/orders");
      clock.advanceMs(15_001);
    });
    await many(20, (n) => get("/orders", { address: `203.0.113.${n}` }));
    expect(raised).toEqual([]);
  });

  test("for one account from many addresses name the account", async () => {
    await many(5, (n) => get("/orders", { address: `203.0.113.${n}`, login: "usr_7" }));
    const account = '"Asha" (usr_7)';
    await expect
      .poll(() => raised)
      .toMatchObject([{ key: "refusals by account", details: { account, names: account, accounts: 1 } }]);
  });

  test("count for the address while accounts cannot be read", async () => {
    away = true;
    await many(5, () => get("/orders", { login: "usr_7" }));
    await expect.poll(() => raised).toMatchObject([{ key: "refusals address 203.0.113.9" }]);
  });

  test("that are harmless are not counted", async () => {
    await many(20, () => get("/unlinked", { login: "usr_7" }));
    expect(raised).toEqual([]);
  });
});

describe("logins that fail", () => {
  test("from one address are an alert, whichever accounts they try; a password is never in it", async () => {
    await many(3, (n) => logIn(`user${n}@example.com`, "203.0.113.9"));
    expect(raised).toMatchObject([
      { key: "failed logins address 203.0.113.9", details: { account: "user2@example.com" } },
    ]);
    expect(JSON.stringify(raised)).not.toContain("hunter2");
  });

  test("for one account are an alert, whichever addresses they come from", async () => {
    await many(3, (n) => logIn("asha@example.com", `203.0.113.${n}`));
    expect(raised).toMatchObject([
      {
        key: "failed logins account asha@example.com",
        message: "3 logins or more failed for asha@example.com within 60 s.",
      },
    ]);
  });

  test("for something that is not an account are counted for their address alone, and a long one is cut", async () => {
    await many(3, () => logIn({ a: 1 }, "203.0.113.9"));
    expect(raised).toMatchObject([{ key: "failed logins address 203.0.113.9" }]);
    expect(raised[0]?.details).not.toHaveProperty("account");
    await many(3, (n) => logIn("x".repeat(100_000), `203.0.114.${n}`));
    expect(raised[1]?.details.account).toHaveLength(254);
    expect(raised[1]?.key).toBe(`failed logins account ${raised[1]?.details.account}`);
  });

  test("go on counting when they are answered with 429, and bad requests do not count", async () => {
    await many(10, () => logIn("asha@example.com", "203.0.113.9", 400));
    expect(raised).toEqual([]);
    await many(3, () => logIn("asha@example.com", "203.0.113.9", 429));
    expect(raised).toHaveLength(1);
  });
});

test("of clients that do not wait for the response count for their address", async () => {
  const asked: (() => void)[] = [];
  app.get("/slow", async () => {
    await new Promise<void>((resolve) => asked.push(resolve));
    refuse(401, "EB_WHO");
  });
  await app.listen({ port: 0, host: "127.0.0.1" });
  const client = connect((app.server.address() as AddressInfo).port, "127.0.0.1");
  client.write("GET /slow HTTP/1.1\r\nhost: a\r\n\r\n".repeat(5));
  await expect.poll(() => asked).toHaveLength(5);
  client.destroy();
  await expect.poll(() => performance.recorded).toBe(5);
  expect(raised).toEqual([]);
  for (const decide of asked) decide();
  await expect.poll(() => raised).toMatchObject([{ key: "refusals address 127.0.0.1" }]);
});

test("accounts without permission on the platform's routes share one alert with totals, at once", async () => {
  await get("/ops/24", { login: "usr_7" });
  const account = '"Asha" (usr_7)';
  await expect
    .poll(() => raised)
    .toEqual([
      {
        type: "SECURITY_ALERT",
        severity: "warning",
        key: "unauthorized access",
        message: `${account} attempted GET /ops/:step without permission.`,
        details: {
          address: "203.0.113.9",
          account,
          route: "GET /ops/:step",
          attempts: 1,
          accounts: 1,
          names: account,
        },
        totals: true,
      },
    ]);
  await get("/ops/24", { login: "usr_8" });
  await expect
    .poll(() => raised[1])
    .toMatchObject({ key: "unauthorized access", details: { attempts: 2, accounts: 2 } });
  clock.advanceMs(15 * 60_000);
  await get("/ops/24", { login: "usr_9" });
  await expect.poll(() => raised[2]).toMatchObject({ details: { attempts: 1, names: '"Asha" (usr_9)' } });
});

test("an operator who tries a route of an admin has their own alert", async () => {
  await get("/ops/24", { login: "usr_operator" });
  await expect.poll(() => raised).toMatchObject([{ key: 'unauthorized access "Asha" (usr_operator)' }]);
});

test("a login that succeeds after many failed is critical, one that succeeds at once is none", async () => {
  await logIn("asha@example.com", "203.0.113.1", 200);
  await many(3, (n) => logIn("asha@example.com", `203.0.113.${n}`));
  await logIn("asha@example.com", "203.0.113.9", 200);
  expect(raised.map(({ severity, key }) => `${severity} ${key}`)).toEqual([
    "warning failed logins account asha@example.com",
    "critical login after failures account asha@example.com",
  ]);
});
