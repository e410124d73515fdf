import { defineFailure } from "../../core/failure.ts";
import { sanitizeText } from "../model/sanitize.ts";
import {
  describeScope,
  includesCritical,
  type MuteScope,
  type ScopeRequest,
  scopeFrom,
} from "./mute-scope.ts";

/** A period without notifications of some alerts. Times are ISO 8601. */
export interface Mute extends MuteScope {
  id: string;
  author: string;
  reason: string | null;
  muted_at: string;
  /** It ends by itself. */
  until: string;
}

export interface MuteRequest extends ScopeRequest {
  duration_seconds: number;
  author: string;
  /** Needed for critical types, and for all. */
  reason?: string | null | undefined;
}

/** A request to end a mute: its id, or its exact scope. */
export type UnmuteRequest = ({ id: string } | ScopeRequest) & { author: string };

const longestWords = 500;
const longestMuteSeconds = 30 * 86_400;

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

export const muteUnknown = defineFailure({
  code: "EB_NOT_MUTED",
  status: 404,
  exitStatus: 2,
  detail: "There is no mute {id}.",
  remedy: "Name a mute as the summary of alerts lists it.",
});

/**
 * Scope, author and reason of a request.
 *
 * @throws Failure EB_MUTE_NEEDS_REASON, EB_MUTE_SCOPE
 */
export const authoredScope = (request: ScopeRequest & Pick<MuteRequest, "author" | "reason">) => {
  const scope = scopeFrom(request);
  const author = sanitizeText(request.author, longestWords);
  const reason = sanitizeText(request.reason?.trim() ?? "", longestWords) || null;
  if (reason === null && includesCritical(scope)) throw muteNeedsReason({ alerts: describeScope(scope) });
  return { ...scope, author, reason };
};

/**
 * The mute that was requested.
 *
 * @throws Failure EB_MUTE_NEEDS_REASON, EB_MUTE_SCOPE, EB_MUTE_DURATION
 */
export const muteFrom = (request: MuteRequest, id: string, now: Date): Mute => {
  const { duration_seconds } = request;
  const authored = authoredScope(request);
  if (!Number.isInteger(duration_seconds) || duration_seconds < 1 || duration_seconds > longestMuteSeconds) {
    throw muteDurationRefused({ seconds: duration_seconds });
  }
  const until = new Date(now.getTime() + duration_seconds * 1000).toISOString();
  return { id, ...authored, muted_at: now.toISOString(), until };
};
