import { writeFile } from "node:fs/promises";
import { join } from "node:path";
import { afterAll, afterEach, beforeAll, describe, expect, test } from "vitest";
import { createTestDatabase } from "../support/database.ts";
import { makeTemporaryDirectory } from "../support/temporary-directory.ts";
import { createInstallation, type Installation, type Server } from "./installation.ts";
import { logIn } from "./traffic.ts";

let installation: Installation;

beforeAll(async () => {
  installation = await createInstallation();
});

afterAll(() => installation?.remove());

/** Waits until neither the server nor its embedded database listens. */
const expectGone = async (server: Server) => {
  const databasePort = Number(/127\.0\.0\.1:(\d+)\/earlybird/.exec(server.output())?.[1]);
  expect(databasePort).toBeGreaterThan(0);
  for (const port of [Number(new URL(installation.url).port), databasePort]) {
    await expect
      .poll(() => fetch(`http://localhost:${port}`).catch(({ cause }) => cause.code))
      .toBe("ECONNREFUSED");
  }
};

const dashboard = async () => {
  const answer = await fetch(`${installation.url}/api/dashboard`, {
    headers: await logIn(installation.url, "admin"),
  });
  return answer.json();
};

test("the first start loads demo data, a restart after SIGKILL keeps it, and Ctrl-C stops everything", async () => {
  const first = await installation.startDirect();
  expect(first.output()).toContain("Loading demo data");
  const figures = await dashboard();
  await first.stop("SIGKILL");

  const startMs = performance.now();
  const second = await installation.start();
  expect(performance.now() - startMs).toBeLessThan(15_000);
  expect(second.output()).not.toContain("Loading demo data");
  expect(await dashboard()).toEqual(figures);

  const audit = await fetch(`${installation.url}/api/rollback/audit`, {
    headers: await logIn(installation.url, "operator"),
  });
  const { entries } = (await audit.json()) as { entries: { action: string; result: object }[] };
  const port = Number(new URL(installation.url).port);
  expect(entries.filter(({ action }) => action === "settings")).toMatchObject([
    { result: { PORT: port, JWT_SECRET: "unset" } },
  ]);

  expect(await second.stop("SIGINT")).toBe(0);
  await expectGone(second);
}, 120_000);

describe("a signal stops the server and its database with status 0", () => {
  test.each([
    ["SIGTERM to npm start", ["npm", "start"], "SIGTERM", "process"],
    ["SIGINT to npm start", ["npm", "start"], "SIGINT", "process"],
    ["SIGTERM to the process group of npm start", ["npm", "start"], "SIGTERM", "group"],
    ["SIGINT to the process group of npm start", ["npm", "start"], "SIGINT", "group"],
    ["SIGTERM to npx earlybird start", ["npx", "earlybird", "start"], "SIGTERM", "process"],
    ["SIGTERM to its process group", ["npx", "earlybird", "start"], "SIGTERM", "group"],
    ["SIGTERM to npm start with bash", ["npm", "--script-shell=bash", "start"], "SIGTERM", "process"],
  ] as const)(
    "%s",
    async (_, command, signal, to) => {
      const server = await installation.startWith(...command);
      const startMs = performance.now();
      const status = await server.stop(signal, to);
      // Under npx, the exit status is that of the shell in between.
      if (command[0] === "npm") expect(status).toBe(0);
      expect(performance.now() - startMs).toBeLessThan(8_000);
      expect(server.output().match(/^Stopping$/gm)).toHaveLength(1);
      await expectGone(server);
    },
    60_000,
  );
});

describe("a service that is slow to stop", () => {
  let slow: Installation;
  beforeAll(async () => {
    const folder = await makeTemporaryDirectory();
    await writeFile(
      join(folder, "earlybird.config.js"),
      `const close = () => new Promise((resolve) => setTimeout(resolve, 60_000));
       const serve = async () => ({ greeting: "open", close });
       export default { name: "slow", version: "1.0.0", changes: [], serve };`,
    );
    slow = await createInstallation({ folder, greeting: "open" });
  });
  afterAll(() => slow?.remove());

  test.each([
    ["SIGINT", 130],
    ["SIGTERM", 143],
  ] as const)(
    "ignores %s repeated at once, and exits on a later one with status %i",
    async (signal, status) => {
      const server = await slow.start();
      const startMs = performance.now();
      const again = setInterval(() => server.process.kill(signal), 100);
      expect(await server.stop(signal)).toBe(status);
      clearInterval(again);
      expect(performance.now() - startMs).toBeGreaterThan(1_500);
      expect(server.output()).toContain("Stopping");
    },
  );
});

describe("a failed start prints the reason and exits", () => {
  test("invalid settings: all are listed, without secrets", async () => {
    const { exitStatus, stdout, stderr } = await installation.run(["start"], {
      PORT: "a thousand",
      LOG_LEVEL: "loud",
      JWT_SECRET: "sesame",
      DATABASE_URL: "mysql://root:hunter2@somewhere/db",
      SLACK_WEBHOOK_URL_FILE: "/nowhere/slack",
    });
    expect([exitStatus, stdout]).toEqual([2, ""]);
    for (const name of ["PORT", "LOG_LEVEL", "JWT_SECRET", "DATABASE_URL", "SLACK_WEBHOOK_URL_FILE"]) {
      expect(stderr).toContain(`- ${name}`);
    }
    expect(stderr).toContain("EB_CONFIGURATION");
    expect(stderr).not.toMatch(/sesame|hunter2/);
  });

  test.each(["start", "status"])(
    "%s with an unreachable database: the message hides the password",
    async (command) => {
      const { exitStatus, stdout, stderr } = await installation.run([command], {
        DATABASE_URL: "postgres://milk:hunter2@127.0.0.1:1/nothing",
      });
      expect([exitStatus, stdout]).toEqual([1, ""]);
      expect(stderr).toContain("The database at 127.0.0.1:1/nothing cannot be reached");
      expect(stderr).toContain("DATABASE_URL");
      expect(stderr).not.toContain("hunter2");
    },
  );

  test("production without DATABASE_URL and JWT_SECRET", async () => {
    const { exitStatus, stderr } = await installation.run(["start"], { NODE_ENV: "production" });
    expect(exitStatus).toBe(2);
    expect(stderr).toContain("DATABASE_URL: must be set in production");
    expect(stderr).toContain("JWT_SECRET: must be set in production");
  });

  test("a port that is in use", async () => {
    const server = await installation.start();
    const { exitStatus, stderr } = await installation.run(["start"]);
    expect(exitStatus).toBe(1);
    expect(stderr).toContain(`Port ${new URL(installation.url).port} is already in use.`);
    expect((await fetch(`${installation.url}/livez`)).status).toBe(200);
    expect(await server.stop("SIGTERM")).toBe(0);
  });

  test("an address of another machine", async () => {
    const { exitStatus, stderr } = await installation.run(["start"], { HOST: "192.0.2.1" });
    expect(exitStatus).toBe(1);
    expect(stderr).toContain("EB_HOST_NOT_OURS");
  });
});

describe("in production", () => {
  let database: Awaited<ReturnType<typeof createTestDatabase>>;
  let production: NodeJS.ProcessEnv;
  beforeAll(async () => {
    database = await createTestDatabase();
    production = {
      NODE_ENV: "production",
      DATABASE_URL: database.url,
      JWT_SECRET: "a secret that is long enough for everybody",
    };
  });
  afterEach(async () => {
    expect(JSON.stringify((await database.pool.query("select * from users")).rows)).not.toContain(
      "earlybird.local",
    );
  });
  afterAll(() => database?.drop());

  test("there is no demo data, and one invitation creates the first admin", async () => {
    const server = await installation.start(production);
    expect(server.output()).not.toContain("earlybird-demo");
    const token = /"token": "([^"]+)"/.exec(server.output())?.[1];
    const accept = async (email: string) => {
      const answer = await fetch(`${installation.url}/api/auth/accept-invitation`, {
        method: "POST",
        headers: { "content-type": "application/json" },
        body: JSON.stringify({ token, email, name: "Asha", password: "long enough, surely" }),
      });
      return [answer.status, await answer.json()];
    };
    expect(await accept("asha@example.com")).toMatchObject([201, { user: { role: "admin" } }]);
    expect(await accept("binod@example.com")).toMatchObject([403, { code: "EB_INVITATION_REFUSED" }]);
    await server.stop("SIGTERM");

    const again = await installation.start(production);
    expect(again.output()).not.toContain("invitation");
    expect(await again.stop("SIGTERM")).toBe(0);
  });

  test("demo data is refused", async () => {
    const { exitStatus, stderr } = await installation.run(["seed"], production);
    expect(exitStatus).toBe(4);
    expect(stderr).toContain("EB_DEMO_REFUSED");
  });
});
