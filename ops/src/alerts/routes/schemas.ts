import { z } from "zod";
import { muteTargets } from "../incidents/mute-scope.ts";
import { AlertSeverity, AlertType } from "../model/alert.ts";

/** The shapes of answers about alerts. */

export const type = z.enum(AlertType);
export const severity = z.enum(AlertSeverity);
export const state = z.enum(["firing", "resolved"]);
const time = z.iso.datetime();

export const alert = z.object({
  id: z.string(),
  type,
  key: z.string().describe("distinguishes alerts of one type, such as a route or an address; often empty"),
  severity,
  state,
  message: z.string(),
  details: z.record(z.string(), z.union([z.string(), z.number()])),
  fired_at: time,
  resolved_at: time.nullable(),
  acknowledged: z
    .object({ by: z.string(), at: time, note: z.string().nullable() })
    .nullable()
    .describe("stops reminders until the alert resolves or becomes more severe"),
});

const outcome = z.enum(["accepted", "on_its_way", "failed", "not_sent"]);

const attempt = z.object({
  notification_id: z.string(),
  occasion: z.enum(["fired", "worsened", "reminder", "resolved", "test"]),
  attempt: z.int(),
  at: time,
  took_ms: z.number(),
  outcome: z.enum(["accepted", "try_again", "refused", "given_up"]),
  answer: z.string().nullable(),
  next_at: time.nullable(),
});

/** An alert with the result for each channel. */
export const explained = z.object({
  alert,
  instance: z.string().describe("the process that raised it"),
  decisions: z.array(
    z.looseObject({ at: time, occasion: z.string(), decision: z.string(), why: z.string() }),
  ),
  channels: z.array(z.object({ channel: z.string(), outcome, why: z.string(), attempts: z.array(attempt) })),
});

export const historyPage = z.object({
  alerts: z.array(
    alert.extend({
      instance: z.string(),
      channels: z.array(z.object({ channel: z.string(), outcome, why: z.string() })),
    }),
  ),
  next: z.string().nullable().describe("the next page; null on the last one"),
});

/** The fields of a request that say which alerts are muted, and why. */
export const scope = {
  type: z.enum(muteTargets).describe("a type of alerts, or ALL"),
  key: z.string().max(500).nullish().describe("only alerts with this key"),
  route: z.string().max(500).nullish().describe("only alerts whose key or details.route is this"),
};
export const reason = z.string().trim().max(500).nullish().describe("needed for critical types and for ALL");

export const mute = z.object({
  id: z.string(),
  type: z.enum(muteTargets),
  key: z.string().nullable().describe("only alerts with this key"),
  route: z.string().nullable().describe("only alerts whose key or details.route is this"),
  author: z.string(),
  reason: z.string().nullable(),
  muted_at: time,
  until: time.describe("it ends by itself"),
});

export const schedule = z.union([
  z.strictObject({
    from: z.iso.datetime({ offset: true }),
    until: z.iso.datetime({ offset: true }).describe("at most 30 days later"),
  }),
  z.strictObject({
    every: z.string().max(100).describe('days and times, such as "sun 02:00-04:00" or "mon-fri 22:00-06:00"'),
    zone: z.string().max(100).describe("IANA time zone whose clock it follows, such as Europe/Berlin"),
  }),
]);

export const maintenanceWindow = mute.omit({ muted_at: true, until: true }).extend({
  created_at: time,
  schedule,
  is_open: z.boolean(),
  from: time.describe("of the open period, or else of the next"),
  until: time,
});

const channelStatus = z.object({
  channel: z.string(),
  state: z.enum(["working", "failing", "broken"]),
  reason: z.string().nullable(),
  since: time,
  waiting: z.int().describe("notifications that are waiting"),
});

export const summary = z.object({
  active: z.int(),
  muted: z.array(mute).describe("including those of open maintenance windows"),
  channels: z.array(channelStatus),
  window_days: z.int(),
  alerts: z.int(),
  by_type: z.partialRecord(type, z.int()),
  by_severity: z.partialRecord(severity, z.int()),
  by_hour: z.array(z.object({ at: time, alerts: z.int() })),
  by_day: z.array(z.object({ day: z.string(), alerts: z.int() })),
  mean_time_to_resolve_seconds: z.number().nullable(),
});

export const channelTests = z.object({
  channels: z.array(
    z.object({
      channel: z.string(),
      result: z.enum(["accepted", "try_again", "refused"]),
      took_ms: z.number(),
      answer: z.string().nullable().describe("the answer of the other side"),
    }),
  ),
});
