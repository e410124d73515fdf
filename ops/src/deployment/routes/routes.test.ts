import { once } from "node:events";
import { get, type IncomingMessage } from "node:http";
import fastify from "fastify";
import { serializerCompiler, validatorCompiler } from "fastify-type-provider-zod";
import { afterAll, beforeAll, expect, test } from "vitest";
import { StandingClock } from "../../../../test/support/clock.ts";
import { countsOf, judgedAt10Percent } from "../../../../test/support/judged.ts";
import { type ReleaseOnDisk, writeRelease } from "../../../../test/support/release-on-disk.ts";
import { makeTemporaryDirectory } from "../../../../test/support/temporary-directory.ts";
import { problems } from "../../http/problems.ts";
import { ReleaseHistory } from "../history/release-history.ts";
import { newCommands } from "../release/inbox.ts";
import { takeLease } from "../release/lease.ts";
import { releaseRoutes } from "./index.ts";
import type { StartRequest } from "./starter.ts";

const clock = new StandingClock("2027-03-01T06:00:00Z");
let dataDir: string;
let release: ReleaseOnDisk;
let url: string;
const started: StartRequest[] = [];

const serve = async (starts: boolean) => {
  const app = fastify();
  await app.register(problems, { isDatabaseUnavailable: () => false });
  app.setValidatorCompiler(validatorCompiler);
  app.setSerializerCompiler(serializerCompiler);
  await app.register(releaseRoutes, {
    dataDir,
    history: new ReleaseHistory({ dataDir, clock }),
    clock,
    operatorOnly: async () => {},
    admin: async () => ({ id: "u1", name: "Ada" }),
    ...(starts && {
      starter: {
        start: async (request: StartRequest) => {
          started.push(request);
          return { id: release.id };
        },
        preflight: async () => {
          throw new Error("not asked");
        },
        emergency: async () => ({ release: release.id }),
      },
    }),
  });
  return app;
};
let app: Awaited<ReturnType<typeof serve>>;

beforeAll(async () => {
  dataDir = await makeTemporaryDirectory();
  release = await writeRelease(dataDir, clock);
  app = await serve(true);
  url = await app.listen({ port: 0, host: "127.0.0.1" });
});
afterAll(async () => {
  await app.close();
  await release.close();
});

const post = async (path: string, payload?: object, to = app) => {
  const response = await to.inject({ method: "POST", url: path, ...(payload && { payload }) });
  return { status: response.statusCode, body: response.json() };
};
const read = async (path: string) => (await app.inject(path)).json();

test("a release is listed, and reported with its events", async () => {
  await release.enter("preflight");
  const { releases } = await read("/api/releases");
  expect(releases).toMatchObject([{ id: release.id, state: "preflight", acts: [], new_percent: 0 }]);
  expect(releases[0]).not.toHaveProperty("events");
  expect(await read(`/api/releases/${release.id}`)).toMatchObject({
    id: release.id,
    because: null,
    stage: "preflight",
    conducted: false,
    events: [{ type: "state", state: "preflight" }],
  });
  expect(await read("/api/releases/20270301-9")).toMatchObject({ code: "EB_RELEASE_UNKNOWN" });
});

test("a command needs a reason and a state that allows it, and says whether a conductor obeys", async () => {
  const path = `/api/releases/${release.id}`;
  expect(await post(`${path}/hold`)).toMatchObject({ status: 422, body: { code: "EB_REASON_MISSING" } });
  expect(await post(`${path}/hold`, { reason: "  " })).toMatchObject({ status: 422 });
  expect(await post(`${path}/advance`, { reason: "now" })).toMatchObject({
    status: 409,
    body: {
      code: "EB_RELEASE_STATE",
      detail: `Release ${release.id} is preflight: it cannot take the command advance.`,
    },
  });
  expect(await post(`${path}/hold`, { reason: "lunch" })).toEqual({
    status: 202,
    body: { release: release.id, command: "hold", conducted: false },
  });
  clock.advanceMs(1);
  const lease = await takeLease(release.directory, clock);
  expect(await post(`${path}/ack`)).toMatchObject({ body: { conducted: true } });
  if ("release" in lease) await lease.release();
  expect(await newCommands(release.directory, new Set())).toMatchObject([
    { command: "hold", by: "Ada", reason: "lunch" },
    { command: "ack", by: "Ada", reason: "" },
  ]);
});

test("the actions are those that the state allows, each refusal with its reason", async () => {
  const { actions } = await read(`/api/releases/${release.id}`);
  for (const { action, refused } of actions) {
    const { status } = await post(`/api/releases/${release.id}/${action}`, { reason: "test" });
    expect([action, status]).toEqual([action, refused === null ? 202 : 409]);
  }
});

test("what the parts found is in the report, and a damaged file hides no other", async () => {
  const at = clock.now().toISOString();
  const check = { name: "health", verdict: "SUCCESS", evidence: "200", at, accepted: null };
  const baseline = { requests: 5_000, clients: 900, failed_clients: 2, p50_ms: 10, p95_ms: 40, p99_ms: 100 };
  await release.write("validation.json", [
    { phase: "alive", verdict: "SUCCESS", checks: [check], began_at: at, at, ended: true, commands: 0 },
  ]);
  const [blue, green] = [countsOf(3_600, [9, 81, 18, 2]), countsOf(400, [1, 9, 2, 0])];
  await release.write("judge.json", judgedAt10Percent(clock, { minutes: 1, baseline, blue, green }));
  await release.write("preflight.json", { half: "a report" });
  expect(await read(`/api/releases/${release.id}`)).toMatchObject({
    validation: [{ phase: "alive", checks: [check] }],
    judge: {
      verdict: "unknown",
      roles: { green: { clients: 400, failed: 1 } },
      limits: { p50: 12, p95: 48, p99: 120 },
    },
    preflight: null,
    rehearsal: null,
    unreadable: ["preflight.json"],
  });
});

test("a ticket gets Markdown", async () => {
  const byAccept = await app.inject({
    url: `/api/releases/${release.id}`,
    headers: { accept: "text/markdown" },
  });
  expect(byAccept.headers["content-type"]).toBe("text/markdown; charset=utf-8");
  expect(byAccept.body).toMatch(/^# Release 20270301-1: preflight\n.*## Judge: unknown.*## Validation/s);
  expect((await app.inject(`/api/releases/${release.id}?format=md`)).body).toBe(byAccept.body);
  expect(
    (await app.inject({ url: `/api/releases/${release.id}`, headers: { accept: "*/*" } })).json(),
  ).toBeDefined();
});

test("events stream as they happen, and resume after the last known one", async () => {
  const request = get(`${url}/api/releases/${release.id}/events`, { headers: { "last-event-id": "1" } });
  const [stream] = (await once(request, "response")) as [IncomingMessage];
  let text = "";
  stream.setEncoding("utf8").on("data", (chunk) => {
    text += chunk;
  });
  await expect.poll(() => text).toBe(": watching\n\n");
  await release.enter("held", "lunch");
  await expect
    .poll(() => text, { timeout: 10_000 })
    .toMatch(/^: watching\n\nid: 2\nevent: state\ndata: \{.*"held".*\}\n\n$/);
  request.destroy();
});

test("a release is started with the admin as its requester, and not without a reason", async () => {
  expect(await post("/api/releases", { artefact: "/srv/2.tgz" })).toMatchObject({ status: 400 });
  expect(await post("/api/releases", { reason: "prices", speed: "fast" })).toMatchObject({ status: 400 });
  expect(started).toEqual([]);
  expect(await post("/api/releases", { artefact: "/srv/2.tgz", reason: "prices", waive: [27] })).toEqual({
    status: 202,
    body: { id: release.id },
  });
  expect(started).toEqual([
    { artefact: "/srv/2.tgz", reason: "prices", waive: [27], by: "Ada", origin: "api" },
  ]);
  expect(await post("/api/emergency", { reason: "fire" })).toEqual({
    status: 202,
    body: { release: release.id },
  });
});

test("without a starter, the refusal names the command to run instead", async () => {
  const service = await serve(false);
  for (const path of ["/api/releases", "/api/releases/preflight", "/api/emergency"])
    expect(await post(path, { reason: "prices" }, service)).toMatchObject({
      status: 409,
      body: { code: "EB_RELEASE_NO_STARTER", remedy: expect.stringContaining("earlybird release start") },
    });
  await service.close();
});
