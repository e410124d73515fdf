import { Failure } from "../../core/failure.ts";
import { AlertSeverity, AlertType } from "../model/alert.ts";
import { raisedTypes } from "../model/raised-types.ts";
import { sanitizeText } from "../model/sanitize.ts";
import { rules } from "../rules/index.ts";

/** A type of alerts, or all of them. */
export type MuteTarget = AlertType | "ALL";
export const muteTargets = [...Object.values(AlertType), "ALL"] as const satisfies readonly MuteTarget[];

/** A period without notifications of a type. Times are ISO 8601. */
export interface Mute {
  id: string;
  type: MuteTarget;
  author: string;
  reason: string | null;
  muted_at: string;
  /** It ends by itself. */
  until: string;
}

export interface MuteRequest {
  type: MuteTarget;
  duration_seconds: number;
  author: string;
  /** Needed for critical types, and for all. */
  reason?: string | null | undefined;
}

const longestWords = 500;
const longestMuteSeconds = 30 * 86_400;

const severities: Readonly<Record<string, AlertSeverity>> = Object.fromEntries([
  ...rules.map(({ type, severity }) => [type, severity]),
  ...Object.entries(raisedTypes).map(([type, { severity }]) => [type, severity]),
]);

export const muteNeedsReason = (type: MuteTarget) =>
  new Failure(
    "EB_MUTE_NEEDS_REASON",
    422,
    type === "ALL" ? "All alerts would be muted, critical ones too." : `${type} is critical.`,
    "Say why nobody needs to be told of it: give a reason.",
  ).exitingWith(6);

export const muteDurationRefused = (seconds: number) =>
  new Failure(
    "EB_MUTE_DURATION",
    422,
    `A mute cannot last ${seconds} seconds.`,
    `Give a whole number of seconds from 1 to ${longestMuteSeconds}, which are 30 days.`,
  ).exitingWith(2);

export const notMuted = (type: MuteTarget) =>
  new Failure(
    "EB_NOT_MUTED",
    404,
    type === "ALL" ? "There is no mute of all alerts." : `There is no mute of ${type}.`,
    "The summary of alerts lists the mutes: name one of those, as it is named there.",
  ).exitingWith(2);

/**
 * The mute that was asked for.
 *
 * @throws Failure EB_MUTE_NEEDS_REASON, EB_MUTE_DURATION
 */
export const muteFrom = (request: MuteRequest, id: string, now: Date): Mute => {
  const { type, duration_seconds } = request;
  const author = sanitizeText(request.author, longestWords);
  const reason = sanitizeText(request.reason?.trim() ?? "", longestWords) || null;
  const critical = type === "ALL" || severities[type] === AlertSeverity.CRITICAL;
  if (critical && reason === null) throw muteNeedsReason(type);
  if (!Number.isInteger(duration_seconds) || duration_seconds < 1 || duration_seconds > longestMuteSeconds) {
    throw muteDurationRefused(duration_seconds);
  }
  const until = new Date(now.getTime() + duration_seconds * 1000).toISOString();
  return { id, type, author, reason, muted_at: now.toISOString(), until };
};

const longMs = 3_600_000;

/** A mute as an event of the security log. */
export interface MuteEvent {
  action: "mute";
  operator: string;
  /** From where: an address, `cli host`. */
  origin: string;
  at: Date;
  reason?: string;
  result: { type: MuteTarget; until: string };
}

/** Told of mutes that could hide an attack: those of security alerts, and those longer than an hour. */
export type MuteListener = (event: MuteEvent) => void;

/** The event of a mute that could hide an attack; undefined for any other. */
export const muteEvent = (mute: Mute, { operator, origin }: { operator: string; origin: string }) => {
  const { type, muted_at, until, reason } = mute;
  const isLong = new Date(until).getTime() - new Date(muted_at).getTime() > longMs;
  if (!isLong && type !== AlertType.SECURITY_ALERT && type !== "ALL") return undefined;
  const event: MuteEvent = {
    action: "mute",
    operator,
    origin,
    at: new Date(muted_at),
    ...(reason !== null && { reason }),
    result: { type, until },
  };
  return event;
};
