import { writeSync } from "node:fs";
import { slackChannel } from "../../ops/src/alerts/channels/slack.ts";
import { NotificationDispatcher } from "../../ops/src/alerts/notify/dispatcher.ts";
import { logLines } from "../support/log-lines.ts";
import { notificationOf } from "../support/notifications.ts";
import { until } from "../support/until.ts";
import { dieAtCall } from "./deadly-disk.ts";

/** What one life of the program is to do. */
export interface Life {
  spoolDir: string;
  webhookUrls: string[];
  /** The numbers of the notifications. */
  numbers: number[];
  /** At which change of the disk to die; 0 is never. */
  dieAt: number;
  moment: "before" | "after";
}

const { spoolDir, webhookUrls, numbers, dieAt, moment } = JSON.parse(process.argv[2] ?? "") as Life;
const calls = await dieAtCall(dieAt, moment);
const dispatcher = new NotificationDispatcher({
  channels: webhookUrls.map((webhookUrl, n) => ({ ...slackChannel({ webhookUrl }), name: `slack-${n}` })),
  spoolDir,
  groupWindowMs: 0,
  log: logLines().log,
});
await dispatcher.start();
// By threes: some share a sync, some do not.
for (let n = 0; n < numbers.length; n += 3) {
  await Promise.all(
    numbers.slice(n, n + 3).map(async (number) => {
      await dispatcher.dispatch(notificationOf(`${number}`, { alert: { key: `${number}` } }));
      writeSync(1, `${number}\n`);
    }),
  );
}
// Many who died young leave much to do.
await until(() => dispatcher.channels().every(({ waiting }) => waiting === 0), 120_000);
await dispatcher.stop();
writeSync(1, `done after ${calls()}\n`);
