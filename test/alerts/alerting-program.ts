import { writeSync } from "node:fs";
import { join } from "node:path";
import { slackChannel } from "../../ops/src/alerts/channels/slack.ts";
import { AlertManager } from "../../ops/src/alerts/manager.ts";
import { NotificationDispatcher } from "../../ops/src/alerts/notify/dispatcher.ts";
import { createPool } from "../../ops/src/database/pool.ts";
import { logLines } from "../support/log-lines.ts";
import { until } from "../support/until.ts";
import { dieAtCall } from "./deadly-disk.ts";

/** What one life of the program is to do. */
export interface AlertingLife {
  dataDir: string;
  webhookUrls: string[];
  /** How many to raise, all at once, numbered from 1 by their keys. */
  alerts: number;
  /** Also to resolve as many when all are sent, some of them perhaps raised in an earlier life. */
  resolved: number;
  /** Left out: it is alone. */
  databaseUrl?: string;
  /** At which change of the disk to die; 0 is never. */
  dieAt: number;
  moment: "before" | "after";
}

const life = JSON.parse(process.argv[2] ?? "") as AlertingLife;
const { dataDir, webhookUrls, alerts, resolved, databaseUrl, dieAt, moment } = life;
const calls = await dieAtCall(dieAt, moment);
const { log } = logLines();
const dispatcher = new NotificationDispatcher({
  channels: webhookUrls.map((webhookUrl, n) => ({ ...slackChannel({ webhookUrl }), name: `slack-${n}` })),
  spoolDir: join(dataDir, "alerts", "spool"),
  groupWindowMs: 0,
  log,
});
const database = databaseUrl === undefined ? undefined : createPool(databaseUrl, { max: 2 });
const manager = new AlertManager({ dispatcher, log, dataDir, ...(database && { database }) });
const allIsTold = async () => {
  await manager.settled();
  await until(() => dispatcher.channels().every(({ waiting }) => waiting === 0), 120_000);
};
await dispatcher.start();
for (let n = 1; n <= alerts; n++) {
  manager.raise({ type: "CUSTOM", key: `${n}`, message: "Look into it.", quietMs: null });
}
await allIsTold();
for (let n = 1; n <= resolved; n++) manager.resolve("CUSTOM", `${n}`);
await allIsTold();
await manager.stop();
await dispatcher.stop();
await database?.end();
writeSync(1, `done after ${calls()}\n`);
