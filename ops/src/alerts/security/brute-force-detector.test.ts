import { beforeEach, expect, test } from "vitest";
import { StandingClock } from "../../../../test/support/clock.ts";
import { BruteForceDetector } from "./brute-force-detector.ts";

const thresholds = { failedLogins: 3, refusals: 5, windowSeconds: 60 };
const route = "POST /login";
let raised: string[];
let watch: BruteForceDetector;
let clock: StandingClock;

beforeEach(() => {
  raised = [];
  clock = new StandingClock("2026-03-10T06:00:00Z");
  watch = new BruteForceDetector({
    alarm: { raise: ({ severity, key }) => void raised.push(`${severity} ${key}`) as never },
    clock,
    thresholds,
    isPrivileged: async (account) => {
      if (account === "unknown") throw new Error("the database is away");
      return account === "admin";
    },
  });
});

const fail = (account: string | undefined, address = "10.0.0.1") =>
  watch.failedLogin({ address, account, route });
const settled = () => new Promise((resolve) => setImmediate(resolve));

test("failed logins of one customer, and refusals of one client, are a warning", async () => {
  for (let n = 0; n < 3; n++) fail("asha");
  for (let n = 0; n < 5; n++) watch.refused({ address: "10.0.0.1", route });
  await settled();
  expect(raised).toEqual(["warning failed logins address 10.0.0.1", "warning refusals address 10.0.0.1"]);
});

test("failed logins for an admin are critical; without a database they stay a warning", async () => {
  for (let n = 0; n < 3; n++) fail("unknown", `10.0.0.${n}`);
  for (let n = 0; n < 3; n++) fail("admin", `10.0.1.${n}`);
  await settled();
  expect(raised).toEqual([
    "warning failed logins account unknown",
    "warning failed logins account admin",
    "critical failed logins account admin",
  ]);
});

test("failed logins for many accounts are critical", () => {
  for (let n = 0; n < 6; n++) fail(`customer${n}`);
  expect(raised).toEqual([
    "warning failed logins address 10.0.0.1",
    "warning failed logins address 10.0.0.1",
    "critical failed logins address 10.0.0.1",
    "critical failed logins address 10.0.0.1",
  ]);
});

test("a login that succeeds after many failed is critical; after a few, or a while later, it is none", () => {
  const logIn = () => watch.succeededLogin({ address: "10.0.0.1", account: "asha", route });
  fail("asha");
  fail("asha");
  logIn();
  expect(raised).toEqual([]);
  fail("asha");
  logIn();
  expect(raised.at(-1)).toBe("critical login after failures account asha");
  clock.advanceMs(60_000);
  logIn();
  expect(raised).toHaveLength(2);
});

test("an operator who attempts what only admins may is critical, a customer a warning", () => {
  const trespass = (account: string, mayOperate: boolean) =>
    watch.trespass({ address: "10.0.0.1", account, route, mayOperate });
  trespass("asha", false);
  trespass("ravi", true);
  expect(raised).toEqual(["warning unauthorized access", "critical unauthorized access ravi"]);
});
