import { once } from "node:events";
import { createServer, type Server } from "node:http";
import type { AddressInfo } from "node:net";
import { afterEach, beforeAll, expect, test, vi } from "vitest";
import { createShelfCli } from "../../../../test/support/shelf-cli.ts";

let cli: Awaited<ReturnType<typeof createShelfCli>>;
beforeAll(async () => {
  cli = await createShelfCli();
});

const running: Server[] = [];
afterEach(() => {
  for (const server of running.splice(0)) server.close();
});

/** Something that listens, and answers everything with a status and JSON. */
const listening = async (status: number, body: unknown, host = "localhost", port = 0): Promise<number> => {
  const server = createServer((_, response) => {
    response.writeHead(status, { "content-type": "application/json" }).end(JSON.stringify(body));
  }).listen(port, host);
  running.push(server);
  await once(server, "listening");
  return (server.address() as AddressInfo).port;
};

/** Runs the command where nobody has said with --url what to ask, if nothing is said here. */
const health = (settings: { HOST?: string; PORT?: number }, ...args: string[]) => {
  for (const [name, value] of Object.entries(settings)) vi.stubEnv(name, String(value));
  return cli("", "health", ...args);
};

const well = { status: "healthy", timestamp: "2026-03-10T06:00:00Z", version: "1.2.3", uptime_seconds: 7 };

test.each([
  [200, "healthy", 0],
  [200, "degraded", 0],
  [503, "unhealthy", 1],
])(
  "a server that answers %i %s makes it end with that said and exit status %i",
  async (code, status, exit) => {
    const PORT = await listening(code, { ...well, status });
    expect(await health({ PORT })).toMatchObject({
      exitStatus: exit,
      stdout: `${status}, version 1.2.3, up for 7 s at http://localhost:${PORT}\n`,
    });
    const { exitStatus, stdout } = await health({ PORT }, "--json");
    expect([exitStatus, JSON.parse(stdout)]).toEqual([exit, { ...well, status }]);
  },
);

test.each([
  ["a proxy", 502, { message: "no upstream" }],
  ["another program", 404, { type: "about:blank", title: "Not Found", status: 404 }],
  ["a program with a health of its own", 200, { status: "UP" }],
  ["a program that says little", 200, null],
])("%s that answers in its place is no healthy server: exit status 1", async (_, code, body) => {
  const port = await listening(code, body);
  for (const outcome of [
    await health({ PORT: port }),
    await health({}, "--url", `http://localhost:${port}`),
  ]) {
    expect(outcome).toMatchObject({ exitStatus: 1, stdout: "" });
    expect(outcome.stderr).toContain(`No server responds at http://localhost:${port}.`);
    expect(outcome.stderr).toContain('Start it with "earlybird start"');
  }
});

test.each(["localhost:1001", "localhost", "1001"])(
  "%s is no address of a server: exit status 2, with what one looks like",
  async (url) => {
    const { exitStatus, stderr } = await health({}, "--url", url);
    expect(exitStatus).toBe(2);
    expect(stderr).toContain("The value must be a URL, such as http://localhost:1001.");
  },
);

test("where nobody answers, the exit status is 1, and only the place that is set was asked", async () => {
  const PORT = await listening(200, well);
  running.pop()?.close();
  const { exitStatus, stderr } = await health({ PORT });
  expect(exitStatus).toBe(1);
  expect(stderr).toContain(`No server responds at http://localhost:${PORT}.`);
});

test("a server to which its port may have been refused is asked where it listens then, too", async () => {
  const { exitStatus, stderr } = await health({ PORT: 1_022 });
  // Somebody may have a server on 10001.
  if (exitStatus === 1) expect(stderr).toContain("at http://localhost:1022 or http://localhost:10001.");
});

test("the server is asked at the address on which it listens", async () => {
  const PORT = await listening(200, well, "127.0.0.2");
  expect((await health({ PORT })).exitStatus).toBe(1);
  expect((await health({ PORT, HOST: "127.0.0.2" })).exitStatus).toBe(0);
  expect((await health({ PORT, HOST: "::1" })).stderr).toContain(`at http://[::1]:${PORT}.`);
});

test.each(["0.0.0.0", "::"])("a server that listens on %s is asked on this machine", async (HOST) => {
  const PORT = await listening(404, {});
  expect((await health({ PORT, HOST })).stderr).toContain(`at http://localhost:${PORT}.`);
});
