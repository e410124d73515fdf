import { AlertType } from "../model/alert.ts";
import type { MaintenanceWindow } from "./maintenance.ts";
import type { Mute } from "./mute.ts";
import type { MuteScope, MuteTarget } from "./mute-scope.ts";
import type { Schedule } from "./schedule.ts";

const longMs = 3_600_000;

interface Operator {
  operator: string;
  /** From where: an address, `cli host`. */
  origin: string;
}

/** A mute as an event of the security log. */
export interface MuteEvent extends Operator {
  action: "mute";
  at: Date;
  reason?: string;
  result: { type: MuteTarget; key?: string; route?: string } & ({ until: string } | Schedule);
}

/** Called with mutes that could hide an attack: those of security alerts, and those longer than an hour. */
export type MuteListener = (event: MuteEvent) => void;

/** The event of a mute that could hide an attack; undefined for any other. */
export const muteEvent = (mute: Mute, by: Operator): MuteEvent | undefined => {
  const { muted_at, until } = mute;
  if (!couldHideAttack(mute, Date.parse(until) - Date.parse(muted_at))) return undefined;
  return eventOf(mute, muted_at, { until }, by);
};

/** The same for a maintenance window. One that is repeated counts as long. */
export const maintenanceEvent = (window: MaintenanceWindow, by: Operator): MuteEvent | undefined => {
  const { schedule, created_at } = window;
  const lastsMs =
    "every" in schedule ? Number.POSITIVE_INFINITY : Date.parse(schedule.until) - Date.parse(schedule.from);
  return couldHideAttack(window, lastsMs) ? eventOf(window, created_at, schedule, by) : undefined;
};

const couldHideAttack = ({ type }: MuteScope, lastsMs: number): boolean =>
  lastsMs > longMs || type === AlertType.SECURITY_ALERT || type === "ALL";

const eventOf = (
  { type, key, route, reason }: MuteScope & { reason: string | null },
  at: string,
  times: { until: string } | Schedule,
  by: Operator,
): MuteEvent => ({
  action: "mute",
  ...by,
  at: new Date(at),
  ...(reason !== null && { reason }),
  result: { type, ...(key !== null && { key }), ...(route !== null && { route }), ...times },
});
