import { rm } from "node:fs/promises";
import { join } from "node:path";
import { setTimeout as sleep } from "node:timers/promises";
import {
  AlertManager,
  AlertType,
  type Channel,
  NotificationDispatcher,
} from "@earlybird-ops/platform/alerts";
import { logLines } from "../../test/support/log-lines.ts";
import { makeTemporaryDirectory } from "../../test/support/temporary-directory.ts";
import { printTable, thousands } from "../figures.ts";

const raised = 100_000;
const kinds = 50;
const patienceMs = 30_000;

/** 100,000 alerts of fifty kinds at once: each kind is notified once, through the spool on disk. */
export const benchStorm = async (): Promise<void> => {
  console.error("a storm of alerts ...");
  const dataDir = await makeTemporaryDirectory();
  const { log } = logLines();
  const told = new Set<string>();
  let notifications = 0;
  const channel: Channel = {
    name: "counting",
    send: async ({ alert }) => {
      told.add(alert.key);
      notifications++;
      return { result: "accepted" };
    },
  };
  const dispatcher = new NotificationDispatcher({
    channels: [channel],
    spoolDir: join(dataDir, "spool"),
    log,
  });
  await dispatcher.start();
  const alerts = new AlertManager({ dispatcher, log, dataDir });
  const startMs = performance.now();
  for (let n = 0; n < raised; n++) {
    alerts.raise({ type: AlertType.CUSTOM, key: `kind ${n % kinds}`, message: "Something is wrong." });
  }
  const raisedMs = performance.now() - startMs;
  while (told.size < kinds && performance.now() - startMs < patienceMs) await sleep(5);
  const handledMs = performance.now() - startMs;
  await alerts.stop();
  await dispatcher.stop();
  await rm(dataDir, { recursive: true, force: true });
  console.log("\n## A storm of alerts\n");
  printTable(
    ["raised", "kinds", "notifications", "kinds lost", "raising took", "handled in", "must be under"],
    [
      [
        thousands(raised),
        String(kinds),
        String(notifications),
        String(kinds - told.size),
        `${raisedMs.toFixed(0)} ms`,
        `${handledMs.toFixed(0)} ms`,
        "2,000 ms",
      ],
    ],
  );
};
