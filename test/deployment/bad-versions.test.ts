import { afterAll, beforeAll, expect, test } from "vitest";
import { EvenClients } from "./even-clients.ts";
import { type Load, startLoad } from "./load.ts";
import { Production, until, waivers, withoutCopy } from "./production.ts";
import type { ShopFault } from "./shop.ts";

const settings = {
  RELEASE_PHASE_MINUTES: "5,5,5",
  RELEASE_VALIDATION_MINUTES: process.env.TEST_LONG === undefined ? "5,10,15,20,25" : "1,9,10,11,12",
};
const clients = new EvenClients();
let production: Production;
let load: Load;
beforeAll(async () => {
  production = await Production.open(settings);
  load = startLoad(production.url, { clientOf: clients.of, connections: 5 });
}, 60_000);
afterAll(async () => {
  await load?.stop();
  await production?.close();
}, 60_000);

interface BadVersion {
  fault: ShopFault;
  strategy: "canary" | "blue-green";
  /** The reason in the report. */
  because: RegExp;
  /** Whether clients have met it. */
  isMet: boolean;
}

const found: BadVersion[] = [
  {
    fault: "does not start",
    strategy: "blue-green",
    because: /^start green: .* ended before it served.*this version is broken/s,
    isMet: false,
  },
  { fault: "smoke fails", strategy: "blue-green", because: /^smoke green: .*order book/, isMet: false },
  { fault: "slow route", strategy: "canary", because: /1\.2 times the p50/, isMet: true },
  { fault: "fails for drivers", strategy: "canary", because: /clients of green fail/i, isMet: true },
  {
    fault: "fails under load",
    strategy: "blue-green",
    because: /clients of green fail|journeys: .*too much at once/i,
    isMet: true,
  },
  {
    fault: "exits",
    strategy: "blue-green",
    because: /process of green has ended|connect ECONNREFUSED/,
    isMet: true,
  },
  // The last one: the next version would get its labels back, and be refused.
  {
    fault: "corrupts a column",
    strategy: "blue-green",
    because: /step 1.*labels are titles in capitals/i,
    isMet: true,
  },
];
const leak: BadVersion = {
  fault: "leaks memory",
  strategy: "blue-green",
  because: /performance: memory: .*keeps rising/,
  isMet: true,
};

let installed = 1;
const release = async (fault: ShopFault, strategy: BadVersion["strategy"]): Promise<void> => {
  installed += 1;
  const version = `${installed}.0.0`;
  const target = await production.install(`v${installed}`, { version, fault, steps: true });
  const waive = [...waivers, ...withoutCopy];
  clients.chooseFor(await production.release(target, { waive, args: ["--strategy", strategy] }));
};

const expectBlueAlone = async (): Promise<void> => {
  expect(await production.applied()).toEqual([]);
  expect(await production.launches()).toEqual({ blue: true, green: false });
  expect((await production.traffic.state()).weights).toEqual({ blue: 10_000, green: 0 });
  await until(async () => (await production.processesIn("green")) === 0, "green still runs");
};

/** No order that got a response is missing, and none is executed twice. */
const expectOrdersKept = async (): Promise<void> => {
  const sent = [...load.sent];
  const keys = sent.filter(({ kind, lost }) => kind === "order" && lost === null).map(({ key }) => key);
  const { rows } = await production.pool.query<{ orders: number; executed: number }>(
    `select (select count(*)::int from orders where key = any($1)) as orders,
            (select count(*)::int from executions where key = any($1)) as executed`,
    [keys],
  );
  expect(rows[0]).toEqual({ orders: keys.length, executed: keys.length });
};

test("a version that needs long to start is released", { timeout: 180_000 }, async () => {
  // Fewer are no baseline, and slowness would be unknown.
  await until(async () => load.sent.length > 1_000, "the load stands still");
  await release("starts slowly", "blue-green");
  const { acts } = await production.reaches("watching", 120_000);
  expect(acts.find(({ act }) => act === "start green")).toMatchObject({ state: "done" });
  await production.command("revert");
  await production.reaches("reverted");
  await expectBlueAlone();
});

/** The others run with TEST_LONG. */
const short: readonly ShopFault[] = ["does not start", "fails for drivers", "exits", "corrupts a column"];
const versions =
  process.env.TEST_LONG === undefined ? found.filter(({ fault }) => short.includes(fault)) : [leak, ...found];

test.for(versions.map((version) => [version.fault, version] as const))(
  "a version that %s is found, and taken back by itself",
  { timeout: 900_000 },
  async ([, { fault, strategy, because, isMet }]) => {
    const before = load.sent.length;
    await release(fault, strategy);
    const report = await production.reaches("reverted", 800_000);
    expect(report.because).toMatch(because);
    expect(report.events.filter(({ type }) => type === "command")).toEqual([]);
    expect(report.acts.filter(({ state }) => state !== "undone")).toEqual([]);
    if (isMet) expect(report.detected_ms).toBeGreaterThanOrEqual(0);
    else expect(report.detected_ms).toBeNull();
    await expectBlueAlone();
    await expectOrdersKept();
    // A version that answers with an error has answered; otherwise nothing is lost.
    const lost = load.sent.slice(before).filter((sent) => sent.lost !== null);
    expect(lost.filter(({ lost }) => !fault.startsWith("fails") || lost !== "status 500")).toEqual([]);
  },
);
