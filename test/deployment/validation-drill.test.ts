import { join } from "node:path";
import { afterEach, beforeEach, expect, test } from "vitest";
import { slackChannel } from "../../ops/src/alerts/channels/slack.ts";
import {
  AlertType,
  type Channel,
  defaultThresholds,
  gaugeAlert,
  NotificationDispatcher,
  objective,
  routeAlert,
} from "../../ops/src/alerts/index.ts";
import { systemClock } from "../../ops/src/core/clock.ts";
import { type DrillOptions, drillAlerts } from "../../ops/src/deployment/validation/index.ts";
import { logLines } from "../support/log-lines.ts";
import { type SlackPeer, startSlackPeer } from "../support/slack-peer.ts";
import { makeTemporaryDirectory } from "../support/temporary-directory.ts";

let slack: SlackPeer;
let stops: (() => Promise<void>)[];
beforeEach(async () => {
  slack = await startSlackPeer();
  stops = [slack.close];
});
afterEach(async () => {
  for (const stop of stops.reverse()) await stop();
});

const slackAs = (name: string): Channel => ({
  ...slackChannel({
    webhookUrl: slack.webhookUrl,
    context: { service: "milk", timeZone: "UTC" },
  }),
  name,
});

const drill = async (options: Partial<DrillOptions> & { channels?: Channel[] } = {}) => {
  const { channels = [slackAs("slack")], ...others } = options;
  const spoolDir = join(await makeTemporaryDirectory(), "spool");
  const dispatcher = new NotificationDispatcher({ channels, spoolDir, log: logLines().log });
  stops.push(() => dispatcher.stop());
  return drillAlerts({
    dispatcher,
    thresholds: defaultThresholds,
    declared: [],
    router: () => undefined,
    clock: systemClock,
    log: logLines().log,
    occasion: "release 20270301-1",
    ...others,
  });
};

const declared = [
  gaugeAlert({ name: "orders stall", gauge: "orders_waiting", above: 100, forSeconds: 86_400 }),
  gaugeAlert({ name: "no van", gauge: "vans", below: 1 }),
  routeAlert({ name: "slow login", route: "POST /api/auth/login", p95AboveMs: 800 }),
  routeAlert({ name: "lost orders", route: "POST /api/orders", errorRateAbove: 0.99, minRequests: 100_000 }),
  objective({ name: "orders", availability: 0.995 }),
];

test("every type, and every alert that the service declares, fires, notifies and ends; people get one message", async () => {
  const drilled = await drill({ declared });
  const names = [
    ...Object.values(AlertType),
    "CUSTOM orders stall",
    "CUSTOM no van",
    "CUSTOM slow login",
    "CUSTOM lost orders",
    "CUSTOM orders (fast burn)",
    "CUSTOM orders (slow burn)",
  ];
  expect(drilled.map(({ type }) => type).sort()).toEqual(names.sort());
  expect(drilled.filter(({ notified, resolved }) => !notified || !resolved)).toEqual([]);
  expect(slack.messages).toHaveLength(1);
  const [message] = slack.messages;
  expect(JSON.stringify(message)).toMatch(/Drill for release 20270301-1, nothing is wrong: 16 alerts/);
});

test("a rule that cannot fire is found", async () => {
  const thresholds = { ...defaultThresholds, cpuPercent: Number.NaN };
  const found = await drill({ thresholds });
  expect(found.filter(({ notified }) => !notified)).toEqual([
    { type: "HIGH_CPU", notified: false, resolved: false },
  ]);
});

test("a rule that its setting switches off is left out", async () => {
  const found = await drill({ thresholds: { ...defaultThresholds, errorRatePercent: 100 } });
  expect(found.map(({ type }) => type)).not.toContain("HIGH_ERROR_RATE");
  expect(found.every(({ notified }) => notified)).toBe(true);
});

test("an alert whose route leads to no channel notifies nobody", async () => {
  const router: DrillOptions["router"] = ({ type }) => [type === "CUSTOM" ? "pager" : "slack"];
  // API_TIMEOUT fires beside it.
  const beside = routeAlert({ name: "slow", route: "GET /slow", p95AboveMs: 3_000, forSeconds: 60 });
  const found = await drill({ router, declared: [beside] });
  expect(found.filter(({ notified }) => !notified)).toEqual([
    { type: "CUSTOM slow", notified: false, resolved: true },
    { type: "CUSTOM", notified: false, resolved: true },
  ]);
});

test("a channel that does not accept the message leaves the result open", async () => {
  slack.answerWith({ status: 503, body: "busy" });
  await expect(drill()).rejects.toThrow(/^slack: .*503/);
});

test("with the log only, nobody is notified", async () => {
  await expect(drill({ channels: [] })).rejects.toThrow("Only the log is set up");
});
