import { type ChildProcess, spawn } from "node:child_process";
import { once } from "node:events";
import { readFileSync } from "node:fs";
import { rm, writeFile } from "node:fs/promises";
import { createServer, type Server } from "node:http";
import { join, resolve } from "node:path";
import { afterAll, beforeAll, expect, test, vi } from "vitest";
import { prepareSockets } from "../../ops/src/deployment/front/index.ts";
import { HaproxySwitch, slots } from "../../ops/src/deployment/index.ts";
import { peerOfProxy, setPeerAddresses } from "../../ops/src/deployment/slots/peer-address.ts";
import { releasePlanFrom } from "../../ops/src/settings/release-settings.ts";
import { readSettings } from "../../ops/src/settings/settings.ts";
import { freePort } from "../support/free-port.ts";
import { haproxyProgram } from "../support/haproxy.ts";
import { makeTemporaryDirectory } from "../support/temporary-directory.ts";
import { root } from "./imports.ts";

const guide = readFileSync(resolve(root, "docs/how-to/release-a-version.md"), "utf8");
const [, configuration = ""] = /^```\n(global\n[\s\S]*?)^```$/m.exec(guide) ?? [];
const [, environment = ""] = /^```sh\n(TRAFFIC_SWITCH=haproxy\n[\s\S]*?)^```$/m.exec(guide) ?? [];

let directory: string;
let url: string;
let haproxy: ChildProcess;
let servers: Server[];
let traffic: HaproxySwitch;
beforeAll(async () => {
  if (!haproxyProgram) return;
  directory = await makeTemporaryDirectory();
  const port = await freePort();
  url = `http://127.0.0.1:${port}/`;
  const sockets = await prepareSockets(directory);
  servers = slots.map((slot) => {
    const server = createServer(({ socket, headers }, response) =>
      response.end(JSON.stringify({ slot, address: socket.remoteAddress, headers })),
    );
    setPeerAddresses(server, peerOfProxy);
    return server.listen(sockets.slot(slot));
  });
  await Promise.all(servers.map((server) => once(server, "listening")));

  const here = (text: string) =>
    text
      .replaceAll("/run/haproxy", directory)
      .replaceAll("/var/lib/service", directory)
      .replace("bind :1001", `bind 127.0.0.1:${port}`);
  await writeFile(join(directory, "haproxy.cfg"), here(configuration));
  const variables = here(environment)
    .trim()
    .split("\n")
    .map((line) => [line.slice(0, line.indexOf("=")), line.slice(line.indexOf("=") + 1)]);
  const choice = releasePlanFrom(readSettings(Object.fromEntries(variables), "")).traffic;
  if (choice.kind !== "haproxy") throw new Error("the settings of the guide choose another switch");
  const log = { warn: () => undefined, error: () => undefined };
  traffic = new HaproxySwitch({ dataDir: directory, release: "20260101-1", log, ...choice });
  haproxy = spawn(haproxyProgram, ["-W", "-f", join(directory, "haproxy.cfg")], { stdio: "ignore" });
  await vi.waitFor(async () => expect(await ask()).toMatchObject({ slot: "blue" }), { timeout: 10_000 });
});
afterAll(async () => {
  if (haproxy) {
    haproxy.kill("SIGTERM");
    await once(haproxy, "exit");
  }
  for (const server of servers ?? []) server.close().closeAllConnections();
  if (directory) await rm(directory, { recursive: true });
});

const ask = async (headers: Record<string, string> = {}) =>
  (await (await fetch(url, { headers })).json()) as {
    slot: string;
    address: string;
    headers: Record<string, string>;
  };

test.skipIf(!haproxyProgram)(
  "the configuration and the settings of the guide move clients between the sockets of the slots",
  async () => {
    expect(await traffic.read()).toEqual({ weights: { blue: 10_000, green: 0 }, verified: true });
    await traffic.set({ blue: 0, green: 10_000 }, 1);
    expect(await ask()).toMatchObject({ slot: "green" });
    await traffic.set({ blue: 10_000, green: 0 }, 2);
    expect(await ask()).toMatchObject({ slot: "blue" });
  },
);

test.skipIf(!haproxyProgram)(
  "with it, a client cannot choose the address that the service sees",
  async () => {
    const { address, headers } = await ask({
      "x-earlybird-peer": "10.0.0.1",
      "X-Forwarded-For": "10.0.0.1",
      "X-Forwarded-Proto": "https",
      "X-Real-IP": "10.0.0.1",
      Forwarded: "for=10.0.0.1",
    });
    expect(address).toBe("127.0.0.1");
    expect(headers["x-forwarded-for"]).toBe("127.0.0.1");
    expect(Object.keys(headers).filter((name) => /forwarded|real-ip|earlybird/.test(name))).toEqual([
      "x-forwarded-for",
    ]);
  },
);
