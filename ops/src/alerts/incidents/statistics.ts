import type { AlertSeverity, AlertType } from "../model/alert.ts";
import type { ChannelStatus } from "../model/notification.ts";
import type { AlertRecord } from "../model/record.ts";
import type { Mute } from "./mute.ts";

/** How many alerts of a kind fired in one hour, how many of them are resolved, and after how long in all. */
export interface Tally {
  type: AlertType;
  severity: AlertSeverity;
  /** The beginning of the hour, ISO 8601 in UTC. */
  hour: string;
  alerts: number;
  resolved: number;
  resolve_seconds: number;
}

/** The statistics of the last thirty days. */
export interface AlertStatistics {
  window_days: number;
  alerts: number;
  by_type: Partial<Record<AlertType, number>>;
  by_severity: Partial<Record<AlertSeverity, number>>;
  /** The last 24 hours that had any, oldest first; `at` is the beginning, ISO 8601. */
  by_hour: { at: string; alerts: number }[];
  /** Days in UTC that had any, oldest first. */
  by_day: { day: string; alerts: number }[];
  /** Null when none has been resolved. */
  mean_time_to_resolve_seconds: number | null;
}

/** Active alerts, mutes, channels, and statistics. */
export interface AlertSummary extends AlertStatistics {
  active: number;
  muted: Mute[];
  channels: ChannelStatus[];
}

export const statisticsDays = 30;
const hourMs = 3_600_000;

/** @param tallies as many as there are; older ones than thirty days are left out */
export const statisticsOf = (tallies: Iterable<Tally>, now: Date): AlertStatistics => {
  const since = new Date(now.getTime() - statisticsDays * 24 * hourMs).toISOString();
  const aDayAgo = new Date(now.getTime() - 24 * hourMs).toISOString();
  const byType = new Map<AlertType, number>();
  const bySeverity = new Map<AlertSeverity, number>();
  const byHour = new Map<string, number>();
  const byDay = new Map<string, number>();
  let [alerts, resolved, seconds] = [0, 0, 0];
  for (const tally of tallies) {
    if (tally.hour < since) continue;
    alerts += tally.alerts;
    resolved += tally.resolved;
    seconds += tally.resolve_seconds;
    count(byType, tally.type, tally.alerts);
    count(bySeverity, tally.severity, tally.alerts);
    count(byDay, tally.hour.slice(0, "2026-01-05".length), tally.alerts);
    if (tally.hour >= aDayAgo) count(byHour, tally.hour, tally.alerts);
  }
  return {
    window_days: statisticsDays,
    alerts,
    by_type: Object.fromEntries(byType),
    by_severity: Object.fromEntries(bySeverity),
    by_hour: inOrder(byHour).map(([at, n]) => ({ at, alerts: n })),
    by_day: inOrder(byDay).map(([day, n]) => ({ day, alerts: n })),
    mean_time_to_resolve_seconds: resolved === 0 ? null : Math.round((1000 * seconds) / resolved) / 1000,
  };
};

/** One alert as a tally of its own. */
export const tallyOf = ({ alert }: AlertRecord): Tally => {
  const firedMs = Date.parse(alert.fired_at);
  const isResolved = alert.resolved_at !== null;
  return {
    type: alert.type,
    severity: alert.severity,
    hour: new Date(firedMs - (firedMs % hourMs)).toISOString(),
    alerts: 1,
    resolved: isResolved ? 1 : 0,
    resolve_seconds: isResolved ? Math.max(0, Date.parse(alert.resolved_at ?? "") - firedMs) / 1000 : 0,
  };
};

const count = <Key>(counts: Map<Key, number>, key: Key, n: number) =>
  counts.set(key, (counts.get(key) ?? 0) + n);

const inOrder = (counts: Map<string, number>): [string, number][] =>
  [...counts].sort(([a], [b]) => (a < b ? -1 : 1));
