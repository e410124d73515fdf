import { slackChannel } from "../../ops/src/alerts/channels/slack.ts";
import { readSettings } from "../../ops/src/settings/settings.ts";
import { settingsReport } from "../../ops/src/settings/settings-report.ts";
import { type Api, startApi } from "./api.ts";
import { untilRegistered } from "./console-history.ts";
import { recordMorning } from "./console-morning.ts";
import { freePort } from "./free-port.ts";
import { type SlackPeer, startSlackPeer } from "./slack-peer.ts";
import { makeTemporaryDirectory } from "./temporary-directory.ts";

/** A service at a fixed moment: step 23 was re-applied four minutes ago, and since then bills fail. */
export interface ConsoleStage {
  api: Api;
  /** Receives the notifications, which link to the console. */
  slack: SlackPeer;
  /** The address of the console, without a slash at the end. */
  url: string;
  /** What time it is, also for the clock of a browser. */
  now: string;
  /** The firing alert. */
  alert: string;
  /** Where releases are; empty at first. */
  dataDir: string;
  /** The operation that re-applied step 23. */
  operation: string;
  /** Dates the operations back again, after further moves. */
  settleHistory(): Promise<void>;
  stop(): Promise<void>;
}

/** When the alert fires. */
const firedAt = "2026-03-10T06:00:00Z";

/** With traffic, it is some minutes later, so that the alert has lasted for a while, and the service for a minute. */
const startedAt = "2026-03-10T06:05:25Z";
const laterTime = "2026-03-10T06:06:20Z";
const failingMinutes = 10;

/**
 * @param options.url an empty database to use instead of one of the tests
 * @param options.withMorning records twelve hours of traffic
 */
export const startConsoleStage = async ({
  withMorning = false,
  ...options
}: {
  url?: string;
  withDemo?: boolean;
  withMorning?: boolean;
} = {}): Promise<ConsoleStage> => {
  const slack = await startSlackPeer();
  const port = await freePort();
  const url = `http://127.0.0.1:${port}/console`;
  const context = { service: "earlybird-test", timeZone: "UTC", consoleUrl: url };
  const dataDir = await makeTemporaryDirectory();
  const api = await startApi({
    dataDir,
    channels: [slackChannel({ webhookUrl: slack.webhookUrl, context })],
    settings: settingsReport(
      readSettings(
        { SLACK_WEBHOOK_URL: slack.webhookUrl, PUBLIC_URL: "https://milk.example" },
        "/nowhere/.env",
      ),
    ),
    withFleet: withMorning,
    now: withMorning ? startedAt : firedAt,
    ...options,
  });
  await api.observed.monitoring.start();
  if (withMorning) await untilRegistered(api);
  const acknowledge = ["revenue loss"];
  const asRavi = { requestedBy: "Ravi", origin: "cli", acknowledge };
  await api.engine.rollbackStep(23, { ...asRavi, reason: "wrong prices on one-time orders", cascade: true });
  await api.engine.reapplySteps(23, 23, { ...asRavi, reason: "prices are corrected" });
  await settleHistory(api);
  await api.app.listen({ port, host: "127.0.0.1" });
  const now = withMorning ? laterTime : firedAt;
  const sinceMs = api.clock.now().getTime() - Date.parse(firedAt);
  api.clock.stepMs(-sinceMs);
  const { id } = api.alerts.raise({
    type: "BILLING_FAILURE",
    key: "run",
    message: "Bills of 3 customers could not be made.",
    details: { failed_bills: 3 },
  });
  await api.alerts.settled();
  api.clock.stepMs(sinceMs);
  api.clock.set(now);
  if (withMorning) await recordMorning(api, failingMinutes);
  return {
    api,
    now,
    slack,
    url,
    dataDir,
    alert: id,
    operation: (await api.ask("GET /api/rollback/status", { as: "admin" })).operation.id,
    settleHistory: () => settleHistory(api),
    stop: async () => {
      await api.observed.monitoring.stop();
      await api.stop();
      await slack.close();
    },
  };
};

/** The last operation four minutes ago, the one before 70 minutes earlier, and so on; the database has the real time. */
const settleHistory = async ({ pool }: Api): Promise<void> => {
  await pool.query(
    `update earlybird.operations set started_at = moved.at, finished_at = moved.at from (
       select id, $1::timestamptz - (70 * row_number() over (order by id desc) - 66) * interval '1 min' as at
       from earlybird.operations) as moved
     where moved.id = operations.id`,
    [firedAt],
  );
};
