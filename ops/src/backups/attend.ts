import type { Clock } from "../core/clock.ts";
import { Failure } from "../core/failure.ts";
import type { Logger } from "../core/logger.ts";
import { messageOf } from "../core/message-of.ts";
import type { Alarm } from "../rollback/index.ts";
import type { BackupManager } from "./manager.ts";
import { lastDue } from "./schedule.ts";

export interface AttendOptions {
  readonly backups: Pick<BackupManager, "create" | "verify" | "wasBegunSince">;
  /** `HH:MM` on the clocks of the zone. */
  readonly time: string;
  readonly timeZone: string;
  readonly alarm: Alarm;
  readonly clock: Clock;
  readonly log: Pick<Logger, "info" | "warn" | "error">;
}

const everyMs = 30_000;
/** A service that was down for longer at the time of the backup waits for the next one. */
const catchUpMs = 6 * 3_600_000;
const alertKey = "scheduled backup";

/**
 * Makes and verifies the scheduled backup if it is due and no instance has begun it. A failure raises an alert, which the
 * next success resolves.
 */
export const attendOnce = async ({
  backups,
  time,
  timeZone,
  alarm,
  clock,
  log,
}: AttendOptions): Promise<void> => {
  const due = lastDue(time, timeZone, clock.now());
  if (clock.now().getTime() - due.getTime() > catchUpMs || (await backups.wasBegunSince(due))) return;
  const raise = (message: string) =>
    alarm.raise({
      type: "CUSTOM",
      key: alertKey,
      severity: "error",
      message: `${message} Run "earlybird backup create" once the cause is removed.`,
      details: { due: due.toISOString() },
      quietMs: null,
    });
  try {
    const { id } = await backups.create({ requestedBy: "schedule", scheduled: true });
    const { verdict, checks } = await backups.verify(id);
    log.info({ backup: id, verdict }, "made the scheduled backup");
    if (verdict === "ok") return void alarm.resolve("CUSTOM", alertKey);
    const fault = checks.find((check) => check.verdict !== "ok");
    raise(`The scheduled backup ${id} is not proven (${verdict}): ${fault?.name}: ${fault?.detail}`);
  } catch (error) {
    // Another instance makes it.
    if (error instanceof Failure && error.code === "EB_BACKUP_RUNNING") return;
    log.error({ err: error }, "the scheduled backup failed");
    raise(error instanceof Failure ? `${error.detail} ${error.remedy}` : messageOf(error));
  }
};

/** Looks twice a minute. Returns a function that stops it and waits for a backup that is being made. */
export const attendBackups = (options: AttendOptions): (() => Promise<void>) => {
  let attending: Promise<void> | undefined;
  const timer = setInterval(() => {
    attending ??= attendOnce(options)
      .catch((err: unknown) => options.log.warn({ err }, "whether a backup is due is not known"))
      .finally(() => {
        attending = undefined;
      });
  }, everyMs).unref();
  return async () => {
    clearInterval(timer);
    await attending;
  };
};
