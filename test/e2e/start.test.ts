import { afterAll, afterEach, beforeAll, describe, expect, test } from "vitest";
import { createTestDatabase } from "../support/database.ts";
import { makePlace, type Place } from "./place.ts";
import { logIn } from "./traffic.ts";

let place: Place;

beforeAll(async () => {
  place = await makePlace();
});

afterAll(() => place?.remove());

const dashboard = async () => {
  const answer = await fetch(`${place.url}/api/dashboard`, { headers: await logIn(place.url, "admin") });
  return answer.json();
};

test("the first start loads the demo, a killed server serves again with it, and Ctrl-C ends everything", async () => {
  const first = await place.start();
  expect(first.said()).toContain("Loading demo data");
  const figures = await dashboard();
  await first.end("SIGKILL");

  const startMs = performance.now();
  const second = await place.start();
  expect(performance.now() - startMs).toBeLessThan(15_000);
  expect(second.said()).not.toContain("Loading demo data");
  expect(await dashboard()).toEqual(figures);

  const databasePort = Number(/127\.0\.0\.1:(\d+)\/earlybird/.exec(second.said())?.[1]);
  expect(databasePort).toBeGreaterThan(0);
  expect(await second.end("SIGINT")).toBe(0);
  for (const port of [Number(new URL(place.url).port), databasePort]) {
    await expect(fetch(`http://localhost:${port}`)).rejects.toMatchObject({
      cause: { code: "ECONNREFUSED" },
    });
  }
}, 120_000);

describe("what cannot start says why, and ends", () => {
  test("all faults of the configuration at once, without repeating a secret", async () => {
    const { exitStatus, stdout, stderr } = await place.run(["start"], {
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
    "%s with a database that is not there, without showing its password",
    async (command) => {
      const { exitStatus, stdout, stderr } = await place.run([command], {
        DATABASE_URL: "postgres://milk:hunter2@127.0.0.1:1/nothing",
      });
      expect([exitStatus, stdout]).toEqual([1, ""]);
      expect(stderr).toContain("The database at 127.0.0.1:1/nothing cannot be reached");
      expect(stderr).toContain("DATABASE_URL");
      expect(stderr).not.toContain("hunter2");
    },
  );

  test("production without database and secret", async () => {
    const { exitStatus, stderr } = await place.run(["start"], { NODE_ENV: "production" });
    expect(exitStatus).toBe(2);
    expect(stderr).toContain("DATABASE_URL: must be set in production");
    expect(stderr).toContain("JWT_SECRET: must be set in production");
  });

  test("a port that somebody else has", async () => {
    const server = await place.start();
    const { exitStatus, stderr } = await place.run(["start"]);
    expect(exitStatus).toBe(1);
    expect(stderr).toContain(`Another program listens on port ${new URL(place.url).port} already.`);
    expect((await fetch(`${place.url}/livez`)).status).toBe(200);
    expect(await server.end("SIGTERM")).toBe(0);
  });

  test("an address that is not this machine's", async () => {
    const { exitStatus, stderr } = await place.run(["start"], { HOST: "192.0.2.1" });
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

  test("there is no demo, and an invitation makes the first admin, once", async () => {
    const server = await place.start(production);
    expect(server.said()).not.toContain("earlybird-demo");
    const token = /"token": "([^"]+)"/.exec(server.said())?.[1];
    const accept = async (email: string) => {
      const answer = await fetch(`${place.url}/api/auth/accept-invitation`, {
        method: "POST",
        headers: { "content-type": "application/json" },
        body: JSON.stringify({ token, email, name: "Asha", password: "long enough, surely" }),
      });
      return [answer.status, await answer.json()];
    };
    expect(await accept("asha@example.com")).toMatchObject([201, { user: { role: "admin" } }]);
    expect(await accept("binod@example.com")).toMatchObject([403, { code: "EB_INVITATION_REFUSED" }]);
    await server.end("SIGTERM");

    const again = await place.start(production);
    expect(again.said()).not.toContain("invitation");
    expect(await again.end("SIGTERM")).toBe(0);
  });

  test("demo data is refused", async () => {
    const { exitStatus, stderr } = await place.run(["seed"], production);
    expect(exitStatus).toBe(4);
    expect(stderr).toContain("EB_DEMO_REFUSED");
  });
});
