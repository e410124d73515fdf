import { defineFailure } from "../../core/failure.ts";
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

const muteNeedsReason = defineFailure({
  code: "EB_MUTE_NEEDS_REASON",
  status: 422,
  exitStatus: 6,
  detail: "A mute of {alerts} needs a reason, because it includes critical alerts.",
  remedy: "Add a reason.",
});

export const muteDurationRefused = defineFailure({
  code: "EB_MUTE_DURATION",
  status: 422,
  exitStatus: 2,
  detail: "A mute cannot last {seconds} seconds.",
  remedy: `Use a whole number of seconds from 1 to ${longestMuteSeconds} (30 days).`,
});

export const notMuted = defineFailure({
  code: "EB_NOT_MUTED",
  status: 404,
  exitStatus: 2,
  detail: "There is no mute of {alerts}.",
  remedy: "Name a mute as the summary of alerts lists it.",
});

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
  if (critical && reason === null) throw muteNeedsReason({ alerts: type === "ALL" ? "all alerts" : type });
  if (!Number.isInteger(duration_seconds) || duration_seconds < 1 || duration_seconds > longestMuteSeconds) {
    throw muteDurationRefused({ seconds: duration_seconds });
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
