import { slackChannel } from "../../ops/src/alerts/channels/slack.ts";
import { readSettings } from "../../ops/src/settings/settings.ts";
import { settingsReport } from "../../ops/src/settings/settings-report.ts";
import { type Api, reapply, rollBack, startApi } from "./api.ts";
import { freePort } from "./free-port.ts";
import { type SlackPeer, startSlackPeer } from "./slack-peer.ts";

/** A service at a fixed moment: step 23 was re-applied four minutes ago, and since then bills fail. */
export interface ConsoleStage {
  api: Api;
  /** Receives the notifications, which link to the console. */
  slack: SlackPeer;
  /** The address of the console, without a slash at the end. */
  url: string;
  /** The firing alert. */
  alert: string;
  /** The operation that re-applied step 23. */
  operation: string;
  stop(): Promise<void>;
}

/** The moment, also for the clock of a browser. */
export const stageTime = "2026-03-10T06:00:00Z";

export const startConsoleStage = async ({ withDemo = false } = {}): Promise<ConsoleStage> => {
  const slack = await startSlackPeer();
  const port = await freePort();
  const url = `http://127.0.0.1:${port}/console`;
  const context = { service: "earlybird-test", timeZone: "UTC", consoleUrl: url };
  const api = await startApi({
    channels: [slackChannel({ webhookUrl: slack.webhookUrl, context })],
    settings: settingsReport(
      readSettings(
        { SLACK_WEBHOOK_URL: slack.webhookUrl, PUBLIC_URL: "https://milk.example" },
        "/nowhere/.env",
      ),
    ),
    withDemo,
  });
  await api.observed.monitoring.start();
  await rollBack(api, 23);
  await reapply(api, 23);
  const { rows } = await api.pool.query(`
    update earlybird.operations
      set started_at = timestamptz '2026-03-10 06:00Z' - (case kind when 'rollback' then 9 when 'reapply' then 4 else 90 end) * interval '1 min',
        finished_at = timestamptz '2026-03-10 06:00Z' - (case kind when 'rollback' then 9 when 'reapply' then 4 else 90 end) * interval '1 min'
      returning id, kind`);
  await api.app.listen({ port, host: "127.0.0.1" });
  const { id } = api.alerts.raise({
    type: "BILLING_FAILURE",
    key: "run",
    message: "Bills of 3 customers could not be made.",
    details: { failed_bills: 3 },
  });
  await api.alerts.settled();
  return {
    api,
    slack,
    url,
    alert: id,
    operation: rows.find(({ kind }) => kind === "reapply").id,
    stop: async () => {
      await api.observed.monitoring.stop();
      await api.stop();
      await slack.close();
    },
  };
};
