import fastify from "fastify";
import { serializerCompiler, validatorCompiler } from "fastify-type-provider-zod";
import { afterAll, beforeAll, expect, test } from "vitest";
import { StandingClock } from "../../../../test/support/clock.ts";
import { makeTemporaryDirectory } from "../../../../test/support/temporary-directory.ts";
import { problems } from "../../http/problems.ts";
import { newCommands } from "../release/inbox.ts";
import { Journal } from "../release/journal.ts";
import { takeLease } from "../release/lease.ts";
import { journalFile, planRelease, releaseDirectory } from "../release/release.ts";
import { releaseRoutes } from "./index.ts";

const clock = new StandingClock("2027-03-01T06:00:00Z");
const artefact = { version: "1.0.0", directory: "/srv", sha256: null };
const app = fastify();
let dataDir: string;
let journal: Journal;
let id: string;
let url: string;
beforeAll(async () => {
  dataDir = await makeTemporaryDirectory();
  ({ id } = await planRelease(
    dataDir,
    {
      strategy: "canary",
      from: { slot: "blue", artefact },
      to: { slot: "green", artefact },
      steps: { before: [], after: [] },
      requested_by: "ada",
      origin: "test",
      reason: "prices",
    },
    clock,
  ));
  journal = await Journal.open(journalFile(dataDir, id));
  await app.register(problems, { isDatabaseUnavailable: () => false });
  app.setValidatorCompiler(validatorCompiler);
  app.setSerializerCompiler(serializerCompiler);
  await app.register(releaseRoutes, {
    dataDir,
    clock,
    operatorOnly: async () => {},
    admin: async () => ({ id: "u1", name: "Ada" }),
  });
  url = await app.listen({ port: 0, host: "127.0.0.1" });
});
afterAll(async () => {
  await app.close();
  await journal.close();
});

const enter = (state: "preflight" | "held", reason: string | null) =>
  journal.append({ type: "state", at: clock.now().toISOString(), state, reason, outage: false });
const post = async (path: string, payload?: object) => {
  const response = await app.inject({ method: "POST", url: path, ...(payload && { payload }) });
  return { status: response.statusCode, body: response.json() };
};

test("a release is listed, and reported with its events", async () => {
  await enter("preflight", null);
  const { releases } = (await app.inject("/api/releases")).json();
  expect(releases).toMatchObject([{ id, state: "preflight", acts: [] }]);
  expect(releases[0]).not.toHaveProperty("events");
  expect((await app.inject(`/api/releases/${id}`)).json()).toMatchObject({
    id,
    because: null,
    events: [{ type: "state", state: "preflight" }],
  });
  expect((await app.inject("/api/releases/20270301-9")).json()).toMatchObject({ code: "EB_RELEASE_UNKNOWN" });
});

test("a command needs a reason and a state that allows it, and says whether a conductor obeys", async () => {
  expect(await post(`/api/releases/${id}/hold`)).toMatchObject({
    status: 422,
    body: { code: "EB_REASON_MISSING" },
  });
  expect(await post(`/api/releases/${id}/advance`, { reason: "now" })).toMatchObject({
    status: 409,
    body: {
      code: "EB_RELEASE_STATE",
      detail: `Release ${id} is preflight: it cannot take the command advance.`,
    },
  });
  expect(await post(`/api/releases/${id}/hold`, { reason: "lunch" })).toEqual({
    status: 202,
    body: { release: id, command: "hold", conducted: false },
  });
  clock.advanceMs(1);
  const lease = await takeLease(releaseDirectory(dataDir, id), clock);
  expect(await post(`/api/releases/${id}/ack`)).toMatchObject({ body: { conducted: true } });
  if ("release" in lease) await lease.release();
  expect(await newCommands(releaseDirectory(dataDir, id), new Set())).toMatchObject([
    { command: "hold", by: "Ada", reason: "lunch" },
    { command: "ack", by: "Ada", reason: "" },
  ]);
});

test("events stream as they happen, and resume after the last known one", async () => {
  const stream = await fetch(`${url}/api/releases/${id}/events`, { headers: { "last-event-id": "1" } });
  const reader = stream.body?.pipeThrough(new TextDecoderStream()).getReader();
  expect((await reader?.read())?.value).toBe(": watching\n\n");
  await enter("held", "lunch");
  const event = (await reader?.read())?.value;
  expect(event).toMatch(/^id: 2\nevent: state\ndata: \{.*"held".*\}\n\n$/);
  await reader?.cancel();
});
