import { spawn } from "node:child_process";
import { once } from "node:events";
import { setTimeout as sleep } from "node:timers/promises";
import { fileURLToPath } from "node:url";
import { hashPassword } from "../../delivery/src/auth/index.ts";
import { asked, type Business, createOrders, nthId, productId } from "../business.ts";
import { median, ms, printTable, ratio, thousands } from "../figures.ts";

const orders = 100_000;
const port = 18_431;
const server = `http://localhost:${port}`;
const requestsPerSecond = 60;
const rounds = 5;
const phaseMs = 4_000;
const pauseMs = 250;

/** In rollback order: dependents first. */
const steps = [26, 25, 20, 19, 21];

/** Latencies and failed requests of one phase. */
interface Seen {
  latenciesMs: number[];
  failures: string[];
}

/** Measures requests while each field step is repeatedly rolled back and re-applied. */
export const benchUnderLoad = async (url: string): Promise<void> => {
  const business = await createOrders(url, orders);
  await business.db
    .insertInto("users")
    .values({
      id: "usr_admin",
      email: "admin@example.com",
      name: "Admin",
      password_hash: await hashPassword("a-good-password"),
      role: "admin",
    })
    .execute();
  const child = spawn(
    process.execPath,
    [
      "--conditions=source",
      "--import",
      "tsx",
      fileURLToPath(new URL("./server-program.ts", import.meta.url)),
      business.url,
      String(port),
    ],
    { stdio: ["ignore", "pipe", "inherit"] },
  );
  await once(child.stdout, "data");
  const token = await logIn();
  const rows: string[][] = [];
  for (const step of steps) {
    console.error(`step ${step} under load ...`);
    if (step === 20) await business.manager.rollbackSteps(22, 27, asked);
    if (step === 19) await business.manager.rollbackStep(20, asked);
    rows.push(await measureStep(business, step, token));
  }
  child.kill("SIGTERM");
  await once(child, "exit");
  await business.drop();
  console.log("\n## Requests while a field step is rolled back and re-applied\n");
  console.log(
    `${thousands(orders)} orders, ${requestsPerSecond} requests a second; medians of ${rounds} interleaved rounds, each ${phaseMs / 1_000} s calm and ${phaseMs / 1_000} s while the step is rolled back and re-applied.\n`,
  );
  printTable(["step", "swaps", "requests", "failed", "p99 calm", "p99 during swaps", "ratio"], rows);
};

const logIn = async (): Promise<string> => {
  const response = await fetch(`${server}/api/auth/login`, {
    method: "POST",
    headers: { "content-type": "application/json" },
    body: JSON.stringify({ email: "admin@example.com", password: "a-good-password" }),
  });
  const { access_token } = (await response.json()) as { access_token: string };
  return access_token;
};

const measureStep = async ({ manager }: Business, step: number, token: string): Promise<string[]> => {
  const calm: number[] = [];
  const busy: number[] = [];
  const failures: string[] = [];
  let swaps = 0;
  let requests = 0;
  for (let round = 0; round < rounds; round++) {
    const before = await load(token, () => sleep(phaseMs));
    const meanwhile = await load(token, async () => {
      const untilMs = performance.now() + phaseMs;
      while (performance.now() < untilMs) {
        await manager.rollbackStep(step, asked);
        await sleep(pauseMs);
        await manager.reapplyStep(step, asked);
        await sleep(pauseMs);
        swaps += 2;
      }
    });
    calm.push(p99(before));
    busy.push(p99(meanwhile));
    failures.push(...before.failures, ...meanwhile.failures);
    requests += meanwhile.latenciesMs.length;
  }
  if (failures.length > 0) console.error([...new Set(failures)].join("\n"));
  return [
    String(step),
    String(swaps),
    thousands(requests),
    String(failures.length),
    ms(median(calm)),
    ms(median(busy)),
    ratio(median(busy), median(calm)),
  ];
};

const p99 = ({ latenciesMs }: Seen): number =>
  latenciesMs.sort((a, b) => a - b)[Math.ceil(latenciesMs.length * 0.99) - 1] ?? Number.NaN;

/** Sends requests at a constant rate, without waiting for responses, until `work` ends. */
const load = async (token: string, work: () => Promise<unknown>): Promise<Seen> => {
  const seen: Seen = { latenciesMs: [], failures: [] };
  const underWay = new Set<Promise<void>>();
  let count = 0;
  const timer = setInterval(() => {
    const request = send(token, count++, seen).finally(() => underWay.delete(request));
    underWay.add(request);
  }, 1_000 / requestsPerSecond);
  await work();
  clearInterval(timer);
  await Promise.all(underWay);
  return seen;
};

/** Sends a read, or an order every fourth time. */
const send = async (token: string, count: number, { latenciesMs, failures }: Seen): Promise<void> => {
  const headers = { authorization: `Bearer ${token}`, "content-type": "application/json" };
  const today = new Date().toISOString().slice(0, 10);
  const placed = {
    customer_id: nthId("cst_", 1 + (count % 1_000)),
    delivery_date: today,
    items: [{ product_id: productId, quantity: 1 }],
  };
  const startMs = performance.now();
  const response = await (count % 4 === 0
    ? fetch(`${server}/api/orders`, { method: "POST", headers, body: JSON.stringify(placed) })
    : fetch(`${server}${count % 4 === 1 ? "/api/dashboard" : "/api/orders?limit=20"}`, { headers }));
  const body = await response.text();
  latenciesMs.push(performance.now() - startMs);
  if (!response.ok) failures.push(`${response.status} ${body}`);
};
