import { type ChildProcess, spawn } from "node:child_process";
import { once } from "node:events";
import { rm, writeFile } from "node:fs/promises";
import { createServer } from "node:http";
import { join } from "node:path";
import { afterAll, beforeAll, describe, expect, test } from "vitest";
import { CommandSwitch, HaproxySwitch } from "../../ops/src/deployment/index.ts";
import { freePort } from "../support/free-port.ts";
import { haproxyProgram } from "../support/haproxy.ts";
import { makeTemporaryDirectory } from "../support/temporary-directory.ts";

let dataDir: string;
beforeAll(async () => {
  dataDir = await makeTemporaryDirectory();
});
afterAll(() => rm(dataDir, { recursive: true, force: true }));

describe.skipIf(!haproxyProgram)("HAProxy", () => {
  let haproxy: ChildProcess;
  let port: number;
  let socketPath: string;
  let release: () => void = () => undefined;
  const held = new Promise<void>((resolve) => {
    release = resolve;
  });
  const apps = ["blue", "green"].map((slot) =>
    createServer(async ({ url }, response) => {
      if (url === "/held") await held;
      response.end(slot);
    }),
  );
  const start = async () => {
    haproxy = spawn(haproxyProgram ?? "", ["-W", "-f", join(dataDir, "haproxy.cfg")], { stdio: "ignore" });
    await expect
      .poll(() =>
        fetch(`http://127.0.0.1:${port}/`).then(
          ({ status }) => status,
          () => 0,
        ),
      )
      .toBe(200);
  };

  beforeAll(async () => {
    port = await freePort();
    socketPath = join(dataDir, "haproxy.sock");
    const ports: number[] = [];
    for (const app of apps) {
      app.listen(0, "127.0.0.1");
      await once(app, "listening");
      ports.push((app.address() as { port: number }).port);
    }
    await writeFile(
      join(dataDir, "haproxy.cfg"),
      `global
  stats socket ${socketPath} mode 600 level admin
defaults
  mode http
  timeout connect 1s
  timeout client 30s
  timeout server 30s
frontend web
  bind 127.0.0.1:${port}
  default_backend service
backend service
  server blue 127.0.0.1:${ports[0]} weight 256
  server green 127.0.0.1:${ports[1]} weight 0
`,
    );
  });
  afterAll(async () => {
    const ended = once(haproxy, "exit");
    haproxy.kill("SIGTERM");
    await ended;
    for (const app of apps) app.close().closeAllConnections();
  });

  const split = async (requests = 256): Promise<number> => {
    const answers = await Promise.all(
      Array.from({ length: requests }, async () => {
        const answer = await fetch(`http://127.0.0.1:${port}/`);
        expect(answer.status).toBe(200);
        return answer.text();
      }),
    );
    return answers.filter((slot) => slot === "green").length / requests;
  };

  test("weights are set, read back, fenced by epoch, drained, and set again after a reload", async () => {
    await start();
    const warnings: unknown[] = [];
    const log = { warn: (...line: unknown[]) => warnings.push(line), error: () => undefined };
    const servers = { blue: "service/blue", green: "service/green" };
    const balancer = new HaproxySwitch({ dataDir, release: "r1", socketPath, servers, log });
    const endWatch = balancer.watch();
    try {
      expect(await balancer.read()).toEqual({ weights: { blue: 10_000, green: 0 }, verified: true });
      await balancer.set({ blue: 9_000, green: 1_000 }, 2);
      expect(await balancer.read()).toEqual({ weights: { blue: 9_000, green: 1_000 }, verified: true });
      expect(await split()).toBeCloseTo(0.1, 1);
      await expect(balancer.set({ blue: 0, green: 10_000 }, 1)).rejects.toMatchObject({
        code: "EB_TRAFFIC_EPOCH",
      });
      await expect(balancer.drain("blue", 10)).rejects.toMatchObject({ code: "EB_SLOT_HAS_TRAFFIC" });

      await balancer.set({ blue: 10_000, green: 0 }, 3);
      const open = fetch(`http://127.0.0.1:${port}/held`);
      await expect
        .poll(
          async () =>
            (await new HaproxySwitch({ dataDir, release: "r1", socketPath, servers, log }).drain("green", 1))
              .inFlight,
        )
        .toBe(0);
      await balancer.set({ blue: 0, green: 10_000 }, 4);
      expect(await balancer.drain("blue", 100)).toEqual({ inFlight: 1, streams: 0 });
      release();
      expect(await (await open).text()).toBe("blue");
      expect(await balancer.drain("blue", 5_000)).toEqual({ inFlight: 0, streams: 0 });

      // A reload: the configuration gives blue all traffic.
      haproxy.kill("SIGUSR2");
      await expect.poll(() => warnings.length).toBeGreaterThan(0);
      expect(await split(20)).toBe(1);
    } finally {
      endWatch();
    }
    const gone = new HaproxySwitch({
      dataDir,
      release: "r1",
      socketPath: join(dataDir, "none"),
      servers,
      log,
    });
    await expect(gone.read()).rejects.toMatchObject({ code: "EB_TRAFFIC_SWITCH" });
  });
});

describe("a command", () => {
  const program = `
    const { readFileSync, writeFileSync, existsSync } = require("node:fs");
    const file = process.argv[1];
    const request = JSON.parse(readFileSync(0, "utf8"));
    if (request.action === "set") {
      if (request.release === "refused") { console.error("no such service: milk"); process.exit(3); }
      if (request.release !== "ignored") writeFileSync(file, JSON.stringify({ weights: request.weights }));
    }
    if (request.action === "read") process.stdout.write(existsSync(file) ? readFileSync(file) : "nothing");
    if (request.action === "drain") {
      if (request.slot === "green") setInterval(() => {}, 1000);
      else process.stdout.write(JSON.stringify({ in_flight: 2, streams: request.deadline_ms }));
    }`;
  const switchOf = (release: string) =>
    new CommandSwitch({
      dataDir: join(dataDir, "command"),
      release,
      command: [process.execPath, "-e", program, join(dataDir, "weights.json")],
      timeLimitMs: 3_000,
    });

  test("sets, reads and drains by JSON; failures quote its output", async () => {
    const failure = (text: string) => ({ code: "EB_TRAFFIC_SWITCH", detail: expect.stringContaining(text) });
    await expect(switchOf("r1").read()).rejects.toMatchObject(failure("answered: nothing"));
    await switchOf("r1").set({ blue: 5_000, green: 5_000 }, 7);
    expect(await switchOf("r1").read()).toEqual({ weights: { blue: 5_000, green: 5_000 }, verified: true });
    expect(await switchOf("r1").drain("blue", 9)).toEqual({ inFlight: 2, streams: 9 });
    const all = { blue: 10_000, green: 0 };
    await expect(switchOf("r1").set(all, 6)).rejects.toMatchObject({ code: "EB_TRAFFIC_EPOCH" });
    await expect(switchOf("r1").set({ blue: 1, green: 1 }, 8)).rejects.toMatchObject({
      code: "EB_TRAFFIC_WEIGHTS",
    });
    await expect(switchOf("refused").set(all, 8)).rejects.toMatchObject(
      failure("exit status 3: no such service: milk"),
    );
    await expect(switchOf("ignored").set(all, 9)).rejects.toMatchObject(failure("5000 instead of 0"));
    await expect(switchOf("r1").drain("green", 1)).rejects.toMatchObject(failure("ended by SIGKILL"));
    const missing = new CommandSwitch({ dataDir, release: "r1", command: ["/nowhere/switch"] });
    await expect(missing.read()).rejects.toMatchObject(failure("ENOENT"));
  });
});
