import { isDeepStrictEqual } from "node:util";
import { defineFailure } from "../../core/failure.ts";
import { type Alert, type AlertSeverity, isWorse } from "../model/alert.ts";
import { fingerprintOf } from "../model/fingerprint.ts";
import { sanitizeText } from "../model/sanitize.ts";

/** The latest acknowledgement of an alert, or the withdrawal of it, as all instances share it. */
export interface AcknowledgementEntry {
  fingerprint: string;
  /** The id of the alert. */
  alert: string;
  severity: AlertSeverity;
  /** False for a withdrawal. */
  acknowledged: boolean;
  author: string;
  note: string | null;
  /** ISO 8601. */
  at: string;
}

export interface AcknowledgeRequest {
  /** Of the alert. */
  id: string;
  author: string;
  note?: string | null | undefined;
}

const longestWords = 500;

const alertResolved = defineFailure({
  code: "EB_ALERT_RESOLVED",
  status: 409,
  exitStatus: 4,
  detail: "Alert {id} is already resolved.",
  remedy: '"earlybird alerts summary" lists the firing alerts.',
});

const notAcknowledged = defineFailure({
  code: "EB_NOT_ACKNOWLEDGED",
  status: 409,
  exitStatus: 4,
  detail: "Alert {id} is not acknowledged.",
  remedy: '"earlybird alerts explain {id}" shows the state of the alert.',
});

/** @throws Failure EB_ALERT_RESOLVED */
export const acknowledgementOf = (
  alert: Alert,
  { author, note }: AcknowledgeRequest,
  now: Date,
): AcknowledgementEntry => {
  if (alert.state === "resolved") throw alertResolved({ id: alert.id });
  return {
    fingerprint: fingerprintOf(alert),
    alert: alert.id,
    severity: alert.severity,
    acknowledged: true,
    author: sanitizeText(author, longestWords),
    note: sanitizeText(note?.trim() ?? "", longestWords) || null,
    at: now.toISOString(),
  };
};

/** @throws Failure EB_ALERT_RESOLVED, EB_NOT_ACKNOWLEDGED */
export const withdrawalOf = (alert: Alert, request: AcknowledgeRequest, now: Date): AcknowledgementEntry => {
  const entry = acknowledgementOf(alert, request, now);
  if (alert.acknowledged === null) throw notAcknowledged({ id: alert.id });
  return { ...entry, acknowledged: false };
};

/**
 * The alert after an acknowledgement or withdrawal; the same object if it does not concern the alert. It also concerns
 * the same alert of other instances if they raised it before, at most as severe.
 */
export const applyAcknowledgement = (alert: Alert, entry: AcknowledgementEntry): Alert => {
  const { acknowledged, author, note, at } = entry;
  const isAbout =
    entry.alert === alert.id || (fingerprintOf(alert) === entry.fingerprint && alert.fired_at <= at);
  if (!isAbout || alert.state !== "firing" || isWorse(alert.severity, entry.severity)) return alert;
  const acknowledgement = acknowledged ? { by: author, at, note } : null;
  return isDeepStrictEqual(alert.acknowledged, acknowledgement)
    ? alert
    : { ...alert, acknowledged: acknowledgement };
};
