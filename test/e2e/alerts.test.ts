import { afterAll, beforeAll, expect, test } from "vitest";
import { type SlackPeer, startSlackPeer } from "../support/slack-peer.ts";
import { peerPassword, type SmtpPeer, startSmtpPeer } from "../support/smtp-peer.ts";
import { startThrowawayPostgres, type ThrowawayPostgres } from "../support/throwaway.ts";
import { createInstallation, type Installation, type Server } from "./installation.ts";

let postgres: ThrowawayPostgres;
let slack: SlackPeer;
let mail: SmtpPeer;
let installation: Installation;
let server: Server;
let env: NodeJS.ProcessEnv;

beforeAll(async () => {
  [postgres, slack, mail, installation] = await Promise.all([
    startThrowawayPostgres(),
    startSlackPeer(),
    startSmtpPeer(),
    createInstallation(),
  ]);
  env = {
    // Production mode skips the demo data: the server starts faster and raises no alerts of its own.
    NODE_ENV: "production",
    DATABASE_URL: postgres.url,
    JWT_SECRET: "a secret that is long enough for everybody",
    SLACK_WEBHOOK_URL: slack.webhookUrl,
    SMTP_SERVER: "127.0.0.1",
    SMTP_PORT: String(mail.port),
    ALERT_EMAIL_FROM: "EarlyBird <alerts@example.com>",
    ALERT_EMAIL_PASSWORD: peerPassword,
    ALERT_EMAIL_TO: "asha@example.com,binod@example.com",
  };
  server = await installation.start(env);
}, 120_000);

afterAll(async () => {
  await installation?.remove();
  await Promise.all([slack?.close(), mail?.close(), postgres?.remove()]);
});

const slackTexts = () => slack.messages.map(({ text }) => text);
const mailSubjects = () => mail.mails.map(({ headers }) => headers.subject ?? "");
const withinMs = { timeout: 15_000 };

test("a database outage and its end are sent to Slack and by email, and the history shows the deliveries", async () => {
  await postgres.stop();
  await expect
    .poll(slackTexts, withinMs)
    .toEqual([expect.stringContaining("CRITICAL: The database is unreachable")]);
  await expect
    .poll(mailSubjects, withinMs)
    .toEqual([expect.stringContaining("CRITICAL: The database is unreachable")]);
  expect(mail.mails[0]).toMatchObject({ secure: true, to: ["asha@example.com", "binod@example.com"] });

  await postgres.start();
  await expect.poll(slackTexts, withinMs).toEqual([expect.anything(), expect.stringContaining("RESOLVED")]);
  await expect.poll(mailSubjects, withinMs).toHaveLength(2);
  expect(mail.mails[1]?.headers.references).toBe(mail.mails[0]?.headers["message-id"]);

  const history = async () => {
    const { stdout } = await installation.run(["alerts", "history", "--json"], env);
    return JSON.parse(stdout).alerts;
  };
  await expect.poll(history, withinMs).toMatchObject([
    {
      type: "DATABASE_DOWN",
      state: "resolved",
      channels: [
        { channel: "log", outcome: "accepted" },
        { channel: "email", outcome: "accepted" },
        { channel: "slack", outcome: "accepted" },
      ],
    },
  ]);
  expect(server.output()).not.toMatch(new RegExp(`${peerPassword}|services/T000`));
}, 60_000);

test("alerts test sends to the same channels and reports a failing one in its exit status", async () => {
  const tried = await installation.run(["alerts", "test"], env);
  expect(tried.exitStatus).toBe(0);
  expect(JSON.parse(tried.stderr)).toMatchObject({ level: "info", occasion: "test" });
  mail.behave({ login: 535 });
  const { exitStatus, stdout } = await installation.run(["alerts", "test", "--json"], env);
  expect(exitStatus).toBe(1);
  expect(JSON.parse(stdout).channels).toMatchObject([
    { channel: "log", result: "accepted" },
    { channel: "email", result: "try_again", answer: expect.stringContaining("535") },
    { channel: "slack", result: "accepted" },
  ]);
  expect(stdout).not.toContain(peerPassword);
  expect(await server.stop("SIGTERM")).toBe(0);
}, 60_000);
