import { type ChildProcess, spawn } from "node:child_process";
import { once } from "node:events";
import { rm, writeFile } from "node:fs/promises";
import { join } from "node:path";
import { Agent } from "undici";
import { afterAll, beforeAll, expect, test } from "vitest";
import { HaproxySwitch } from "../../ops/src/deployment/index.ts";
import { freePort } from "../support/free-port.ts";
import { haproxyProgram } from "../support/haproxy.ts";
import { makeTemporaryDirectory } from "../support/temporary-directory.ts";
import { type Load, startLoad } from "./load.ts";
import { Production, until, waivers, withoutCopy } from "./production.ts";

const servers = { blue: "shop/blue", green: "shop/green" };
const silent = { warn: () => undefined, error: () => undefined };
const strategy = ["--strategy", "blue-green"];
let home: string;
let haproxy: ChildProcess;
let production: Production;
let balancer: HaproxySwitch;

/** The sockets of the slots are in the data directory, which only its user can open: HAProxy runs as that user. */
const configuration = (port: number, socketPath: string, slots: string): string => `global
  stats socket ${socketPath} mode 600 level admin
defaults
  mode http
  option forwardfor
  timeout connect 1s
  timeout client 30s
  timeout server 30s
frontend web
  bind 127.0.0.1:${port}
  default_backend shop
backend shop
  server blue unix@${join(slots, "blue.sock")} weight 256
  server green unix@${join(slots, "green.sock")} weight 0
`;

beforeAll(async () => {
  if (!haproxyProgram) return;
  home = await makeTemporaryDirectory();
  const dataDir = join(home, "data");
  const socketPath = join(home, "haproxy.sock");
  const port = await freePort();
  await writeFile(join(home, "haproxy.cfg"), configuration(port, socketPath, join(dataDir, "slots")));
  haproxy = spawn(haproxyProgram, ["-W", "-f", join(home, "haproxy.cfg")], { stdio: "ignore" });
  balancer = new HaproxySwitch({ dataDir, release: "", socketPath, servers, log: silent });
  production = await Production.open({
    EARLYBIRD_DATA_DIR: dataDir,
    PORT: String(port),
    TRUST_PROXY: "127.0.0.1",
    TRAFFIC_SWITCH: "haproxy",
    HAPROXY_SOCKET: socketPath,
    HAPROXY_SERVERS: `blue=${servers.blue},green=${servers.green}`,
    RELEASE_VALIDATION_MINUTES: "0.02,0.04,0.06,0.08,0.1",
  });
}, 60_000);
afterAll(async () => {
  await production?.close();
  if (!haproxy) return;
  const ended = once(haproxy, "exit");
  haproxy.kill("SIGTERM");
  await ended;
  await rm(home, { recursive: true, force: true });
}, 60_000);

const expectNothingLost = async (load: Load): Promise<void> => {
  await load.stop();
  expect(load.sent.filter(({ lost }) => lost !== null)).toEqual([]);
  const keys = load.sent.filter(({ kind }) => kind === "order").map(({ key }) => key);
  const { rows } = await production.pool.query<{ key: string }>(
    "select key from executions where key = any($1)",
    [keys],
  );
  expect(rows.map(({ key }) => key).sort()).toEqual(keys.sort());
};
const startModerateLoad = () => startLoad(production.url, { connections: 4, pauseMs: 10 });
const addressOf = async (headers: Record<string, string> = {}): Promise<string> => {
  const agent = new Agent({ localAddress: "127.0.0.9" });
  const { body } = await agent.request({ origin: production.url, path: "/", method: "GET", headers });
  const { address } = (await body.json()) as { address: string };
  await agent.close();
  return address;
};

test.skipIf(!haproxyProgram)(
  "a release and its revert behind HAProxy lose nothing, and its weights outlive a reload",
  { timeout: 180_000 },
  async () => {
    // The service sees its clients, and no header makes one local.
    expect(await addressOf()).toBe("127.0.0.9");
    expect(await addressOf({ "x-earlybird-peer": "127.0.0.1", "x-forwarded-for": "127.0.0.1" })).toBe(
      "127.0.0.9",
    );

    const release = startModerateLoad();
    const directory = await production.install("v2", { version: "2.0.0", steps: true });
    await production.release(directory, { waive: [...waivers, ...withoutCopy], args: strategy });
    const report = await production.acceptUntilCompleted();
    expect(report.acts.filter(({ state }) => state !== "done")).toEqual([]);
    expect(await production.applied()).toEqual([1, 2]);
    expect(await production.launches()).toEqual({ blue: false, green: true });
    const allGreen = { weights: { blue: 0, green: 10_000 }, verified: true };
    expect(await balancer.read()).toEqual(allGreen);
    expect(release.sent.at(-1)?.slot).toBe("2.0.0");
    await expectNothingLost(release);

    // The configuration gives blue all clients. No release is open: the process that runs the slots corrects it.
    haproxy.kill("SIGUSR2");
    await expect.poll(() => production.answers(), { timeout: 10_000 }).toBe(false);
    await expect.poll(() => production.answers(), { timeout: 10_000 }).toBe(true);
    expect(await balancer.read()).toEqual(allGreen);

    const revert = startModerateLoad();
    await production.command("revert");
    await until(async () => (await production.report()).state === "reverted", "the release is not reverted");
    expect(await production.applied()).toEqual([]);
    expect(await production.launches()).toEqual({ blue: true, green: false });
    expect(await balancer.read()).toEqual({ weights: { blue: 10_000, green: 0 }, verified: true });
    expect(revert.sent.at(-1)?.slot).toBe("1.0.0");
    await expectNothingLost(revert);
  },
);
