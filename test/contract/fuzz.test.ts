import fc from "fast-check";
import { afterAll, beforeAll, expect, test } from "vitest";
import { roles } from "../../delivery/src/database.ts";
import { type Api, startApi } from "../support/api.ts";
import { password } from "../support/business.ts";
import { type FuzzedRequest, type Operation, operationsOf, requestTo } from "./requests.ts";

const long = process.env.TEST_LONG !== undefined;
const requests = Number(process.env.TEST_REQUESTS ?? (long ? 20_000 : 600));

let api: Api;
let operations: Operation[];

beforeAll(async () => {
  api = await startApi();
  const described = operationsOf(await api.ask("GET /api/openapi.json"));
  // A response that does not end is tested on its own.
  operations = described.filter(({ path }) => path !== "/api/live");
});
afterAll(() => api.stop());

/** Values that exist in the small business, so that requests get past the look-up. */
const known = async (): Promise<string[]> => {
  const { rows } = await api.pool.query(
    `select id from users union select id from customers union select id from products
     union (select id from orders limit 5) union (select id from subscriptions limit 5)
     union (select id from delivery_statuses limit 5) union (select id from billing_records limit 5)`,
  );
  return [
    ...rows.map(({ id }) => id),
    password,
    "2026-03",
    "2026-03-10",
    "Jayanagar",
    "19",
    "+91 98450 11111",
  ];
};

/** Who asks: each role, a stranger, and somebody with a token that is none. */
const askers = [...roles, "stranger", "forger"] as const;

const tokenOf = (asker: (typeof askers)[number]): string | undefined => {
  if (asker === "stranger") return undefined;
  return asker === "forger" ? `${api.tokenOf("admin")}x` : api.tokenOf(asker);
};

/** Sends a request; what is wrong with its answer, or nothing. */
const faultOf = async (
  { operation, url, headers, payload }: FuzzedRequest,
  asker: (typeof askers)[number],
  n: number,
): Promise<string | undefined> => {
  const token = tokenOf(asker);
  const answer = await api.app.inject({
    method: operation.method as "GET",
    url,
    headers: { ...headers, ...(token && { authorization: `Bearer ${token}` }) },
    // Nobody asks often enough for a limit on addresses: that is another test.
    remoteAddress: `10.${(n >> 16) & 255}.${(n >> 8) & 255}.${n & 255}`,
    ...(payload !== undefined && { payload }),
  });
  const { statusCode, body } = answer;
  const type = String(answer.headers["content-type"]);
  const fault = (what: string) =>
    `${what}: ${asker} ${operation.method} ${url} ${payload ?? ""} -> ${statusCode} ${body}`.slice(0, 600);
  if (statusCode >= 500 && statusCode !== 503) return fault("a fault on the server's side");
  if (!operation.answers.has(statusCode)) return fault("a status that the document does not name");
  const documented = operation.answers.get(statusCode);
  if (documented !== undefined && !type.startsWith(documented))
    return fault(`${type} instead of ${documented}`);
  const isProblem = type.startsWith("application/problem+json");
  if (isProblem && !/^EB_[A-Z_]+$/.test(answer.json().code)) return fault("a problem without a code");
  return undefined;
};

/** A login may have been deactivated, logged out, or given another role. */
const restoreLogins = async () => {
  for (const role of roles)
    await api.pool.query("update users set active = true, role = $1 where id = $2", [role, `usr_${role}`]);
  await api.pool.query("update sessions set ended_at = null, expires_at = '2100-01-01'");
};

/** Streams do not end, and a move by an admin is slow: the long run alone makes them. */
const isBounded = ({ method, path }: Operation, asker: string): boolean =>
  !path.endsWith("/events") &&
  (long || asker !== "admin" || method === "GET" || !path.startsWith("/api/rollback"));

test(
  `${requests} requests from everybody, as described and otherwise, are answered as the document says`,
  async () => {
    const existing = await known();
    const cases = fc
      .tuple(fc.nat(operations.length - 1), fc.constantFrom(...askers))
      .chain(([at, asker]) => {
        const operation = operations[at] as Operation;
        return requestTo(operation, existing).map((request) => ({ request, asker }));
      })
      .filter(({ request, asker }) => isBounded(request.operation, asker));
    const seed = Number(process.env.TEST_SEED ?? (long ? Date.now() % 2 ** 31 : 20_260_310));
    console.info(`seed ${seed}`);
    const faults: string[] = [];
    for (const [n, { request, asker }] of fc.sample(cases, { seed, numRuns: requests }).entries()) {
      if (n % 20 === 0) await restoreLogins();
      const fault = await faultOf(request, asker, n);
      if (fault !== undefined) faults.push(fault);
    }
    expect(faults).toEqual([]);
  },
  long ? 3_600_000 : 60_000,
);
