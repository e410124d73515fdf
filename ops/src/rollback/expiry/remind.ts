import type { Alarm, Notice } from "../engine/alarm.ts";
import type { Engine } from "../engine/engine.ts";
import { changesOf } from "../engine/engine.ts";
import { listExpiries } from "./until.ts";

const prefix = "re-apply step ";

/** The reminder about a step; undefined while it is too early. A new time has a new key. */
export const reminderOf = (
  { step, name, until, remind_at }: { step: number; name: string; until: string; remind_at: string },
  now: Date,
): Notice | undefined => {
  const notice = {
    type: "CUSTOM",
    key: `${prefix}${step} by ${until}`,
    details: { step, name, until },
    quietMs: null,
  } as const;
  if (now.getTime() >= Date.parse(until)) {
    const message = `Step ${step} (${name}) was to be re-applied by ${until}, and is still rolled back.`;
    return { ...notice, severity: "error", message };
  }
  if (now.getTime() < Date.parse(remind_at)) return undefined;
  const message = `Step ${step} (${name}) is rolled back, and to be re-applied by ${until}.`;
  return { ...notice, severity: "warning", message };
};

/** Raises reminders about steps that are due soon or overdue, and resolves the others. Moves nothing. */
export const remind = async (engine: Engine, alarm: Alarm): Promise<void> => {
  const now = engine.clock.now();
  const due = new Map<string, Notice>();
  for (const expiry of await listExpiries(engine.db)) {
    const name = changesOf(engine, [expiry.step])[0]?.name ?? "";
    const notice = reminderOf({ ...expiry, name }, now);
    if (notice) due.set(notice.key, notice);
  }
  const told = new Map(
    alarm
      .active()
      .filter(({ type, key }) => type === "CUSTOM" && key.startsWith(prefix))
      .map(({ key, severity }) => [key, severity]),
  );
  for (const key of told.keys()) if (!due.has(key)) alarm.resolve("CUSTOM", key);
  for (const [key, notice] of due) if (told.get(key) !== notice.severity) alarm.raise(notice);
};
