import { once } from "node:events";
import { readdir, rm } from "node:fs/promises";
import { createServer } from "node:http";
import type { AddressInfo } from "node:net";
import { join } from "node:path";
import fastify from "fastify";
import { afterEach, beforeEach, expect, test } from "vitest";
import { createTestDatabase, type TestDatabase } from "../../test/support/database.ts";
import { declaredInGuide } from "../../test/support/declared-in-guide.ts";
import { logLines } from "../../test/support/log-lines.ts";
import { type SlackPeer, startSlackPeer } from "../../test/support/slack-peer.ts";
import { peerPassword, type SmtpPeer, startSmtpPeer } from "../../test/support/smtp-peer.ts";
import { makeTemporaryDirectory } from "../../test/support/temporary-directory.ts";
import { gauge } from "./monitoring/index.ts";
import { earlybird } from "./plugin.ts";
import type { MonitoringDeclarations } from "./service.ts";
import { readSettings } from "./settings/settings.ts";
import { type RunningMonitoring, startMonitoring } from "./start-monitoring.ts";

let database: TestDatabase;
let slack: SlackPeer;
let mail: SmtpPeer;
let dataDir: string;
let running: RunningMonitoring | undefined;

beforeEach(async () => {
  [database, slack, mail, dataDir] = await Promise.all([
    createTestDatabase(),
    startSlackPeer(),
    startSmtpPeer(),
    makeTemporaryDirectory(),
  ]);
});

afterEach(async () => {
  await running?.stop();
  running = undefined;
  await Promise.all([slack.close(), mail.close(), database.drop(), rm(dataDir, { recursive: true })]);
});

const start = async (environment: NodeJS.ProcessEnv = {}, declared: MonitoringDeclarations = {}) => {
  const settings = readSettings(
    {
      ALERT_GROUP_SECONDS: "0",
      SLACK_WEBHOOK_URL: slack.webhookUrl,
      SMTP_SERVER: "127.0.0.1",
      SMTP_PORT: String(mail.port),
      ALERT_EMAIL_FROM: "alerts@example.com",
      ALERT_EMAIL_TO: "asha@example.com",
      ALERT_EMAIL_PASSWORD: peerPassword,
      ...environment,
    },
    "/nowhere/.env",
  );
  const { pool } = database;
  const { log } = logLines();
  running = await startMonitoring({ pool, settings, dataDir, log, version: "1.2.3", ...declared });
  return running;
};

const raise = ({ alerts }: RunningMonitoring) =>
  alerts.raise({ type: "CUSTOM", message: "The store is warm." });
const told = () => slack.messages.map(({ text }) => text);

test("the first snapshot is there when it has started, and alerts go to all channels that are set up", async () => {
  const observed = await start();
  expect(observed.monitoring.snapshot).toMatchObject({ status: "healthy" });
  raise(observed);
  await expect.poll(told).toEqual([expect.stringContaining("The store is warm.")]);
  await expect.poll(() => mail.mails).toMatchObject([{ to: ["asha@example.com"] }]);
});

test("a broken channel and its recovery are reported through the other channel", async () => {
  const observed = await start();
  slack.answerWith({ status: 404, headers: {}, body: "no_service" });
  raise(observed);
  await expect.poll(() => observed.alerts.active()).toMatchObject([{}, { key: "channel:slack" }]);
  await expect.poll(() => mail.mails.map(({ headers }) => headers.subject)).toHaveLength(2);
  expect(mail.mails.some(({ raw }) => raw.includes("The channel slack does not reach all"))).toBe(true);
  const [, broken] = observed.alerts.active();
  const { channels } = await observed.alerts.explain(broken?.id ?? "");
  expect(channels.find(({ channel }) => channel === "slack")).toMatchObject({
    outcome: "not_sent",
    why: "not sent: this is the broken channel; the other channels report it",
  });
  slack.answerWith({ status: 200, headers: {}, body: "ok" });
  observed.alerts.resolve("CUSTOM");
  await expect.poll(() => observed.alerts.active()).toEqual([]);
});

test("an alert is on its way to those channels alone that there were when it was sent", async () => {
  mail.behave({ message: "hang" });
  const first = await start({ SLACK_WEBHOOK_URL: "" });
  const { id } = raise(first);
  await expect.poll(() => mail.tries).toBe(1);
  const outcomes = async ({ alerts }: RunningMonitoring) => {
    const { channels } = await alerts.explain(id);
    return Object.fromEntries(channels.map(({ channel, outcome }) => [channel, outcome]));
  };
  expect(await outcomes(first)).toEqual({ log: "accepted", email: "on_its_way" });
  await first.stop();
  const second = await start();
  expect(await outcomes(second)).toEqual({ log: "accepted", slack: "not_sent", email: "on_its_way" });
});

test("a channel that was broken and is not set up any more is nobody's business after the next start", async () => {
  const first = await start();
  slack.answerWith({ status: 404, headers: {}, body: "no_service" });
  raise(first);
  first.alerts.raise({
    type: "CUSTOM",
    key: "channel:4",
    message: "The television shows nothing.",
    quietMs: null,
  });
  await expect.poll(() => mail.mails).toHaveLength(3);
  await first.stop();
  const { alerts } = await start({ SLACK_WEBHOOK_URL: "" });
  await expect
    .poll(() => mail.mails.at(-1)?.headers.subject)
    .toMatch(/RESOLVED: The channel slack is no longer configured/);
  expect(alerts.active().map(({ key }) => key)).toEqual(["The store is warm.", "channel:4"]);
});

test("a rejected address is reported through the other channel, while the other addresses get their mail", async () => {
  const observed = await start({ ALERT_EMAIL_TO: "asha@example.com,gone@example.com" });
  mail.behave({ recipient: (address) => (address.startsWith("gone") ? 550 : "yes") });
  raise(observed);
  await expect.poll(told).toContainEqual(expect.stringContaining("The channel email does not reach"));
  expect(observed.alerts.active()).toMatchObject([
    {},
    { key: "channel:email", details: { reason: expect.stringMatching(/^refused gone@example\.com: 550 /) } },
  ]);
  const ofEmail = () => observed.alerts.summary().channels.find(({ channel }) => channel === "email");
  expect(ofEmail()).toMatchObject({ state: "broken", reason: expect.stringContaining("gone@example.com") });
  observed.alerts.resolve("CUSTOM");
  await expect
    .poll(() => mail.mails.map(({ to }) => to))
    .toEqual([["asha@example.com"], ["asha@example.com"]]);
  expect(observed.alerts.active()).toMatchObject([{ key: "channel:email" }]);
  mail.behave({});
  observed.alerts.raise({ type: "CUSTOM", key: "cellar", message: "The cellar is warm." });
  await expect.poll(ofEmail).toMatchObject({ state: "working" });
  await expect.poll(() => observed.alerts.active()).toMatchObject([{ key: "cellar" }]);
  await expect.poll(told).toContainEqual(expect.stringMatching(/RESOLVED after .*The channel email/));
});

test("what could not be delivered stays on disk when it stops, and is delivered after the next start", async () => {
  slack.answerWith({ status: 500, headers: {}, body: "" });
  raise(await start());
  await expect.poll(() => slack.messages.length).toBeGreaterThan(0);
  await running?.stop();
  const files = await readdir(join(dataDir, "alerts", "spool"), { recursive: true });
  expect(files.some((file) => file.endsWith(".json"))).toBe(true);

  slack.messages.length = 0;
  slack.answerWith({ status: 200, headers: {}, body: "ok" });
  await start();
  await expect.poll(told, { timeout: 10_000 }).toEqual([expect.stringContaining("The store is warm.")]);
  expect(mail.mails).toHaveLength(1);
});

test("a delivery accepted during the stop is in the history after the next start", async () => {
  const slow = createServer((_, response) => void setTimeout(() => response.end("ok"), 700));
  await new Promise<void>((resolve) => slow.listen(0, "127.0.0.1", resolve));
  const { port } = slow.address() as AddressInfo;
  const asked = once(slow, "request");
  const { id } = raise(await start({ SLACK_WEBHOOK_URL: `http://127.0.0.1:${port}/services/a` }));
  await asked;
  await running?.stop();
  slow.close();
  const { alerts } = await start();
  const slackOf = async () => (await alerts.explain(id)).channels.find(({ channel }) => channel === "slack");
  expect(await slackOf()).toMatchObject({ outcome: "accepted", attempts: [{ attempt: 1 }] });
});

test("the heartbeat begins with it and ends with it, and nothing keeps the process from ending", async () => {
  let beats = 0;
  const other = createServer((_, response) => {
    beats++;
    response.end();
  });
  await new Promise<void>((resolve) => other.listen(0, "127.0.0.1", resolve));
  const { port } = other.address() as AddressInfo;
  await start({ ALERT_HEARTBEAT_URL: `http://127.0.0.1:${port}/beat` });
  await expect.poll(() => beats).toBe(1);
  await running?.stop();
  running = undefined;
  other.close();
  const connected = async () =>
    (
      await database.pool.query(
        "select application_name from pg_stat_activity where datname = current_database() and application_name ~ '^earlybird .'",
      )
    ).rows;
  await expect.poll(connected).toEqual([]);
});

test("the alerts of the guide start, watch its queue, and reach the channels and /metrics", async () => {
  const { gauges = [], alerts = [] } = declaredInGuide(Array(1_001).fill("job"));
  // The guide's alert waits five minutes.
  const atOnce = alerts.map((alert) => (alert.kind === "gauge" ? { ...alert, forSeconds: 0 } : alert));
  const observed = await start({}, { gauges, alerts: atOnce });
  expect(observed.monitoring.gauges).toMatchObject([{ name: "queue_depth", value: 1_001, unit: "jobs" }]);
  expect(observed.alerts.firingDeclared()).toEqual({
    "slow checkout": 0,
    "failing checkout": 0,
    "deep queue": 1,
    "checkout (fast burn)": 0,
    "checkout (slow burn)": 0,
  });
  await expect
    .poll(told)
    .toEqual([expect.stringMatching("queue_depth is 1001 jobs, above 1000. Start a worker.")]);
  const app = fastify();
  await app.register(earlybird, {
    ...observed,
    authorize: async () => ({ id: "asha", name: "Asha" }),
    version: "1.2.3",
  });
  const { body: metrics } = await app.inject("/metrics");
  expect(metrics).toContain("\nearlybird_user_queue_depth 1001\n");
  expect(metrics).toContain('\nearlybird_declared_alert_firing{key="deep queue"} 1\n');
  const health = (await app.inject("/api/health/detailed")).json();
  expect(health.gauges).toMatchObject([{ name: "queue_depth", value: 1_001, problem: null }]);
  await app.close();
});

test("an objective uses the requests that all instances have written to the database", async () => {
  const { alerts = [] } = declaredInGuide();
  const objectives = alerts.filter(({ kind }) => kind === "objective");
  const earlier = await start();
  const ended = Math.floor(Date.now() / 60_000) * 60_000 - 120_000;
  // Creates the tables, if it comes first.
  await earlier.fleet?.requestCounts([undefined], [5]);
  await earlier.stop();
  await database.pool.query(
    `insert into earlybird.metric_minutes
     values ('/api/orders', 'POST', $1, gen_random_uuid(), 1000, 100, '{0,900,0,0,100}', 1, 1, '')`,
    [new Date(ended)],
  );
  const observed = await start({}, { alerts: objectives });
  await expect
    .poll(() => observed.alerts.firingDeclared(), { timeout: 10_000 })
    .toEqual({ "checkout (fast burn)": 1, "checkout (slow burn)": 1 });
  const [fast] = observed.alerts.active();
  expect(fast?.message).toMatch("100 of 1000 requests in 1 h fail (10 %, on all instances)");
});

test("a declaration with an unknown gauge is refused before anything starts", async () => {
  const { alerts = [] } = declaredInGuide();
  const depth = gauge("depth", () => 1, { help: "Jobs that wait." });
  await expect(start({}, { alerts, gauges: [depth] })).rejects.toMatchObject({
    code: "EB_ALERT_DECLARATION",
    detail: "The declared alert deep queue is invalid: there is no gauge queue_depth; known: depth.",
  });
  expect(running).toBeUndefined();
});
