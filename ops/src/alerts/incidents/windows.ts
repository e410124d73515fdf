import { randomUUID } from "node:crypto";
import {
  describeSchedule,
  type MaintenanceRequest,
  type MaintenanceWindow,
  neverOpen,
  type PlannedWindow,
  windowFrom,
  windowUnknown,
} from "./maintenance.ts";
import type { Mute } from "./mute.ts";
import { type Period, periodOf } from "./schedule.ts";
import { SharedEntries } from "./shared-entries.ts";

/** The maintenance windows that are open or will be. */
export class Windows {
  readonly entries = new SharedEntries<MaintenanceWindow>();
  /** To compute a period takes a tenth of a millisecond, and each alert needs all of them every second. */
  readonly #periods = new WeakMap<MaintenanceWindow, { period: Period; sinceMs: number }>();

  /** @throws Failure EB_MUTE_NEEDS_REASON, EB_MUTE_SCOPE, EB_MAINTENANCE_TIME, EB_TIME_ZONE */
  add(request: MaintenanceRequest, now: Date): PlannedWindow {
    const window = windowFrom(request, randomUUID(), now);
    const planned = this.#plan(window, now);
    if (!planned) throw neverOpen({ schedule: describeSchedule(window.schedule) });
    this.entries.add(window);
    return planned;
  }

  /** @throws Failure EB_MAINTENANCE_UNKNOWN */
  remove({ id, author }: { id: string; author: string }, now: Date): PlannedWindow {
    const planned = this.planned(now).find((one) => one.id === id);
    const window = this.entries.all().find((one) => one.id === id);
    if (!planned || !window) throw windowUnknown({ id });
    this.entries.end(window, author, now);
    return planned;
  }

  /** The next one first. */
  planned(now: Date): PlannedWindow[] {
    return this.entries
      .all()
      .flatMap((window) => this.#plan(window, now) ?? [])
      .sort((a, b) => (a.from < b.from ? -1 : 1));
  }

  /** Those that are open, as the mutes that they are. */
  mutes(now: Date): Mute[] {
    return this.planned(now)
      .filter(({ is_open }) => is_open)
      .map(({ id, type, key, route, author, reason, from, until }) => ({
        id,
        type,
        key,
        route,
        author,
        reason,
        muted_at: from,
        until,
      }));
  }

  #plan(window: MaintenanceWindow, now: Date): PlannedWindow | undefined {
    const nowMs = now.getTime();
    const period = this.#periodOf(window, nowMs);
    return (
      period && {
        ...window,
        is_open: period.fromMs <= nowMs,
        from: new Date(period.fromMs).toISOString(),
        until: new Date(period.untilMs).toISOString(),
      }
    );
  }

  #periodOf(window: MaintenanceWindow, nowMs: number): Period | undefined {
    const known = this.#periods.get(window);
    if (known && known.sinceMs <= nowMs && nowMs < known.period.untilMs) return known.period;
    const period = periodOf(window.schedule, nowMs);
    if (period) this.#periods.set(window, { period, sinceMs: nowMs });
    else this.entries.drop(window);
    return period;
  }
}
