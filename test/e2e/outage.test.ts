import { afterAll, beforeAll, expect, test } from "vitest";
import { type SlackPeer, startSlackPeer } from "../support/slack-peer.ts";
import { startThrowawayPostgres, type ThrowawayPostgres } from "../support/throwaway.ts";
import { createInstallation, type Installation } from "./installation.ts";

let postgres: ThrowawayPostgres;
let slack: SlackPeer;
let installation: Installation;

beforeAll(async () => {
  [postgres, slack, installation] = await Promise.all([
    startThrowawayPostgres(),
    startSlackPeer(),
    createInstallation(),
  ]);
}, 120_000);

afterAll(async () => {
  await installation?.remove();
  await Promise.all([slack?.close(), postgres?.remove()]);
});

const slackTexts = () => slack.messages.map(({ text }) => text);
const down = expect.stringContaining("CRITICAL: The database is unreachable");
const withinMs = { timeout: 20_000 };

test("a start that fails because the database is still down delivers the notifications stored on disk", async () => {
  const env = {
    NODE_ENV: "production",
    DATABASE_URL: postgres.url,
    JWT_SECRET: "a secret that is long enough for everybody",
    SLACK_WEBHOOK_URL: slack.webhookUrl,
  };
  slack.answerWith({ status: 500, headers: {}, body: "" });
  const killed = await installation.startDirect(env);
  await postgres.stop();
  await expect.poll(slackTexts, withinMs).toContainEqual(down);
  await killed.stop("SIGKILL");

  slack.messages.length = 0;
  slack.answerWith({ status: 200, headers: {}, body: "ok" });
  const { exitStatus, stderr } = await installation.run(["start"], env);
  expect([exitStatus, stderr]).toEqual([1, expect.stringContaining("cannot be reached")]);
  expect(slackTexts()).toEqual([down]);

  await postgres.start();
  await installation.start(env);
  await expect.poll(slackTexts, withinMs).toEqual([down, expect.stringContaining("RESOLVED")]);
  const attempts = async () => {
    const history = await installation.run(["alerts", "history", "--json"], env);
    const { stdout } = await installation.run(
      ["alerts", "explain", JSON.parse(history.stdout).alerts[0].id, "--json"],
      env,
    );
    return JSON.parse(stdout).channels.flatMap((one: { attempts: unknown[] }) => one.attempts);
  };
  const accepted = { channel: "slack", occasion: "fired", outcome: "accepted" };
  await expect.poll(attempts, withinMs).toContainEqual(expect.objectContaining(accepted));
}, 90_000);
