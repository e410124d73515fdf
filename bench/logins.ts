import { setTimeout as sleep } from "node:timers/promises";
import { median, ms, printTable, ratio } from "./figures.ts";
import { root, startService } from "./running-service.ts";

const rounds = 5;
const phaseMs = 6_000;
const ordersPerSecond = 40;
const loginsPerSecond = 90;

/** Latencies and failed requests of one phase. */
interface Seen {
  latenciesMs: number[];
  failed: number;
}

/** Measures order reads with and without a flood of logins from a thousand addresses. */
export const loginsBench = async (): Promise<void> => {
  const service = await startService(root, "EarlyBird listens on", { TRUST_PROXY: "loopback" });
  const [customer, operator] = [await logIn(service.url, "customer"), await logIn(service.url, "operator")];
  const calm: Seen[] = [];
  const flooded: Seen[] = [];
  const answers = new Map<number, number>();
  for (let round = 0; round < rounds; round++) {
    calm.push(await readOrders(service.url, customer));
    const [seen] = await Promise.all([
      readOrders(service.url, customer),
      flood(service.url, (status) => answers.set(status, (answers.get(status) ?? 0) + 1)),
    ]);
    flooded.push(seen);
  }
  const alerts = await alertTypes(service.url, operator);
  await service.stop();
  const worst = (seen: readonly Seen[]) => median(seen.map(({ latenciesMs }) => percentile99(latenciesMs)));
  const failures = (seen: readonly Seen[]) => seen.reduce((sum, { failed }) => sum + failed, 0);
  console.log("\n## Orders during a flood of logins\n");
  console.log(
    `${ordersPerSecond} reads of orders a second, and ${loginsPerSecond} failed logins a second from many addresses; medians of ${rounds} interleaved rounds of ${phaseMs / 1_000} s each.\n`,
  );
  printTable(
    ["", "p99 of orders", "ratio to calm", "failed reads"],
    [
      ["calm", ms(worst(calm)), "1.00", String(failures(calm))],
      ["flooded", ms(worst(flooded)), ratio(worst(flooded), worst(calm)), String(failures(flooded))],
    ],
  );
  const counts = [...answers].sort(([a], [b]) => a - b).map(([status, count]) => `${count} times ${status}`);
  console.log(`\nResponses to the logins: ${counts.join(", ")}. Alerts: ${alerts.join(", ") || "none"}.`);
};

const logIn = async (url: string, role: string): Promise<string> => {
  const response = await post(url, { email: `${role}@earlybird.local`, password: "earlybird-demo" });
  return ((await response.json()) as { access_token: string }).access_token;
};

const post = (url: string, body: object, headers: Record<string, string> = {}): Promise<Response> =>
  fetch(`${url}/api/auth/login`, {
    method: "POST",
    headers: { "content-type": "application/json", ...headers },
    body: JSON.stringify(body),
  });

/** Sends requests at a constant rate for one phase, without waiting for responses. */
const steadily = async (perSecond: number, send: (n: number) => Promise<void>): Promise<void> => {
  const startMs = performance.now();
  const sent: Promise<void>[] = [];
  for (let n = 0; n < (perSecond * phaseMs) / 1_000; n++) {
    const dueMs = startMs + (n * 1_000) / perSecond - performance.now();
    if (dueMs > 0) await sleep(dueMs);
    sent.push(send(n));
  }
  await Promise.all(sent);
};

const readOrders = async (url: string, token: string): Promise<Seen> => {
  const seen: Seen = { latenciesMs: [], failed: 0 };
  await steadily(ordersPerSecond, async () => {
    const startMs = performance.now();
    const headers = { authorization: `Bearer ${token}` };
    const response = await fetch(`${url}/api/orders?limit=10`, { headers });
    await response.arrayBuffer();
    seen.latenciesMs.push(performance.now() - startMs);
    if (!response.ok) seen.failed += 1;
  });
  return seen;
};

const flood = (url: string, answered: (status: number) => void): Promise<void> =>
  steadily(loginsPerSecond, async (n) => {
    const address = `203.0.${n % 4}.${(n * 7) % 250}`;
    const guess = { email: `somebody-${n}@example.com`, password: "a guess that is wrong" };
    const response = await post(url, guess, { "x-forwarded-for": address });
    await response.arrayBuffer();
    answered(response.status);
  });

const alertTypes = async (url: string, token: string): Promise<string[]> => {
  const response = await fetch(`${url}/api/alerts/history?limit=100`, {
    headers: { authorization: `Bearer ${token}` },
  });
  const { alerts } = (await response.json()) as { alerts: { type: string }[] };
  return [...new Set(alerts.map(({ type }) => type))];
};

const percentile99 = (values: readonly number[]): number =>
  [...values].sort((a, b) => a - b)[Math.ceil(values.length * 0.99) - 1] ?? Number.NaN;
