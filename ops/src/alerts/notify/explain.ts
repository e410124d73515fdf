import { defineFailure } from "../../core/failure.ts";
import type { Alert } from "../model/alert.ts";
import { brokenChannelIn } from "../model/channel-alert.ts";
import type { Attempt } from "../model/notification.ts";
import { type Decision, describeDecision } from "../model/notification-decision.ts";
import type { AlertRecord } from "../model/record.ts";

/** The notification decisions of an alert, and the result for each channel. */
export interface Explanation {
  /** Its details hold the value, the threshold, and since when it had been pending (`failing_since`). */
  alert: Alert;
  /** The instance that raised it. */
  instance: string;
  decisions: (Decision & { why: string })[];
  channels: ChannelExplanation[];
}

export interface ChannelExplanation {
  channel: string;
  /** Whether the last notification was delivered. */
  outcome: "accepted" | "on_its_way" | "failed" | "not_sent";
  why: string;
  attempts: Attempt[];
}

export const alertUnknown = defineFailure({
  code: "EB_ALERT_UNKNOWN",
  status: 404,
  exitStatus: 2,
  detail: "There is no alert {id}.",
  remedy: '"earlybird alerts history" lists the alerts of the last 90 days.',
});

/** @param channels the names of those that there are now */
export const explain = (record: AlertRecord, channels: readonly string[]): Explanation => {
  const { alert, instance, decisions, attempts } = record;
  const told = lastNotified(record)?.channels ?? [];
  const names = new Set([...channels, ...told, ...attempts.map(({ channel }) => channel)]);
  return {
    alert,
    instance,
    decisions: decisions.map((decision) => ({ ...decision, why: describeDecision(decision) })),
    channels: [...names].map((channel) => explainChannel(channel, record)),
  };
};

const lastNotified = ({ decisions }: AlertRecord) => decisions.findLast((one) => one.decision === "told");

const explainChannel = (channel: string, record: AlertRecord): ChannelExplanation => {
  const attempts = record.attempts.filter((attempt) => attempt.channel === channel);
  const last = attempts.at(-1);
  if (last) return { channel, ...outcomeOf(last), attempts };
  const told = lastNotified(record);
  if (!told) {
    const decision = record.decisions.at(-1);
    const why = decision ? describeDecision(decision) : "no decision yet";
    return { channel, outcome: "not_sent", why, attempts };
  }
  if (brokenChannelIn(record.alert) === channel) {
    const why = "not sent: this is the broken channel; the other channels report it";
    return { channel, outcome: "not_sent", why, attempts };
  }
  if (told.channels?.includes(channel) === false) {
    const why = "not sent: the channel was not configured at that time";
    return { channel, outcome: "not_sent", why, attempts };
  }
  return { channel, outcome: "on_its_way", why: "no attempt is known yet", attempts };
};

const outcomeOf = ({ outcome, answer, at, attempt, next_at }: Attempt) => {
  const said = answer === null ? "" : `: ${answer}`;
  const nth = `attempt ${attempt} at ${at}`;
  switch (outcome) {
    case "accepted":
      return { outcome: "accepted", why: `accepted by ${nth}${said}` } as const;
    case "try_again":
      return { outcome: "on_its_way", why: `${nth} failed${said}; tried again at ${next_at}` } as const;
    case "refused":
      return { outcome: "failed", why: `refused, ${nth}${said}` } as const;
    case "given_up":
      return { outcome: "failed", why: `given up after ${nth}${said}` } as const;
  }
};
