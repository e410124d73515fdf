import { rm } from "node:fs/promises";
import { join } from "node:path";
import type { Clock } from "@earlybird-ops/platform";
import {
  AlertManager,
  type Channel,
  NotificationDispatcher,
  type Thresholds,
} from "@earlybird-ops/platform/alerts";
import type pg from "pg";
import { logLines } from "./log-lines.ts";
import { makeTemporaryDirectory } from "./temporary-directory.ts";

/** A manager of alerts with a dispatcher that keeps its spool in a temporary directory. */
export const createAlerts = async ({
  channels = [],
  clock,
  groupWindowMs,
  thresholds = {},
  database,
}: {
  channels?: Channel[];
  clock?: Clock;
  groupWindowMs?: number;
  thresholds?: Partial<Thresholds>;
  /** Created by `createMonitoringPool`. */
  database?: pg.Pool;
} = {}) => {
  const directory = await makeTemporaryDirectory();
  const common = { log: logLines().log, ...(clock && { clock }) };
  const dispatcher = new NotificationDispatcher({
    ...common,
    channels,
    spoolDir: join(directory, "spool"),
    ...(groupWindowMs !== undefined && { groupWindowMs }),
  });
  const alerts = new AlertManager({ ...common, dispatcher, thresholds, ...(database && { database }) });
  await dispatcher.start();
  const stop = async (): Promise<void> => {
    await alerts.stop();
    await dispatcher.stop();
    await alerts.close();
    await rm(directory, { recursive: true, force: true });
  };
  return { alerts, dispatcher, stop };
};
