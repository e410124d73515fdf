import { AlertType } from "../model/alert.ts";
import type { Mute } from "./mute.ts";
import type { MuteTarget } from "./mute-scope.ts";

const longMs = 3_600_000;

/** A mute as an event of the security log. */
export interface MuteEvent {
  action: "mute";
  operator: string;
  /** From where: an address, `cli host`. */
  origin: string;
  at: Date;
  reason?: string;
  result: { type: MuteTarget; key?: string; route?: string; until: string };
}

/** Called with mutes that could hide an attack: those of security alerts, and those longer than an hour. */
export type MuteListener = (event: MuteEvent) => void;

/** The event of a mute that could hide an attack; undefined for any other. */
export const muteEvent = (mute: Mute, { operator, origin }: { operator: string; origin: string }) => {
  const { type, key, route, muted_at, until, reason } = mute;
  const isLong = new Date(until).getTime() - new Date(muted_at).getTime() > longMs;
  if (!isLong && type !== AlertType.SECURITY_ALERT && type !== "ALL") return undefined;
  const event: MuteEvent = {
    action: "mute",
    operator,
    origin,
    at: new Date(muted_at),
    ...(reason !== null && { reason }),
    result: { type, ...(key !== null && { key }), ...(route !== null && { route }), until },
  };
  return event;
};
