import { hostname } from "node:os";
import { formatSpan, formatTime } from "../../core/local-time.ts";
import { type Alert, type AlertSeverity, isWorse } from "../model/alert.ts";
import { formatDuration } from "../model/duration.ts";
import type { Notification, Occasion } from "../model/notification.ts";
import { advice } from "./advice.ts";
import type { MessageContext } from "./context.ts";
import { type Fact, factsOf } from "./facts.ts";

/** A notification for people, as each channel lays it out. */
export interface Message {
  /** One line that says all: `[shop-prod] CRITICAL: The database is unreachable. (since 03:14 IST)` */
  title: string;
  /** `CRITICAL`, `NOW CRITICAL`, `STILL CRITICAL`, `RESOLVED`, `TEST` */
  label: string;
  /** For the colour. */
  tone: AlertSeverity | "resolved" | "test";
  service: string;
  /** What is wrong. */
  statement: string;
  /** `since 03:14 IST`, or `03:14 to 03:17 IST` */
  time: string;
  /** What it means for users, and what to do; null in a test and at the end. */
  advice: { impact: string; action: string } | null;
  facts: Fact[];
  /** The other alerts of a group, one line each. */
  others: string[];
  links: Link[];
  /** Type, host and id. */
  footer: string;
}

export interface Link {
  label: string;
  url: string;
}

/** A group lists so many alerts, and counts the others. */
const mostListed = 10;

/** Describes a notification, or a group of them, for people. */
export const describe = (notification: Notification, context: MessageContext): Message => {
  const { alert, occasion } = notification;
  const severity = worstOf(notification);
  const label = labelOf(occasion, severity);
  const statement = statementOf(notification);
  const time = timeOf(notification, context);
  const { others = [] } = notification;
  const rest = others.length === 0 ? "" : ` And ${others.length} more.`;
  const isOver = occasion === "resolved" || occasion === "test";
  return {
    title: `[${context.service}] ${joined(label, notification)}${rest} (${time})`,
    label,
    tone: isOver ? occasion : severity,
    service: context.service,
    statement,
    time,
    advice: isOver ? null : (advice[alert.type] ?? null),
    // Those of one alert say nothing about a group.
    facts: others.length === 0 ? factsOf(alert.details) : [],
    others: listed(others),
    links: linksOf(notification, context),
    footer: `${subjectOf(notification)} · ${hostname()} · ${alert.id}`,
  };
};

/** The summary in one line for the log, which knows service and time. */
export const headline = (notification: Notification): string => {
  const { occasion, alert } = notification;
  const text = `${labelOf(occasion, alert.severity)}: ${subjectOf(notification)}: ${alert.message}`;
  return withSymptoms(text, notification);
};

const worstOf = ({ alert, others = [] }: Notification): AlertSeverity =>
  [alert, ...others.map((other) => other.alert)]
    .map(({ severity }) => severity)
    .reduce((worst, one) => (isWorse(one, worst) ? one : worst));

const labelOf = (occasion: Occasion, severity: AlertSeverity): string => {
  const urgency = severity.toUpperCase();
  const labels: Record<Occasion, string> = {
    fired: urgency,
    worsened: `NOW ${urgency}`,
    reminder: `STILL ${urgency}`,
    resolved: "RESOLVED",
    test: "TEST",
  };
  return labels[occasion];
};

/** `CRITICAL: The database is slow.`; at the end `RESOLVED after 3 min`, which would otherwise say it twice. */
const joined = (label: string, notification: Notification): string => {
  const statement = statementOf(notification);
  if (label !== "RESOLVED") return `${label}: ${statement}`;
  const named = keyBeside(notification.alert) === "" ? label : `${label} (${notification.alert.key})`;
  return statement.startsWith("Resolved ")
    ? `${named}${statement.slice("Resolved".length)}`
    : `${named}: ${statement}`;
};

/** The type of an alert with its key, `API_TIMEOUT (GET /api/orders)`, unless the message ends with the key. */
const subjectOf = ({ alert: { type, key, message } }: Notification): string =>
  key === "" || message.endsWith(key) ? type : `${type} (${key})`;

/** The message, with the key unless the message speaks of it, and the number of suppressed symptoms. */
const statementOf = (notification: Notification): string => {
  const { occasion, alert } = notification;
  const key = occasion === "resolved" ? "" : keyBeside(alert);
  return withSymptoms(key === "" ? alert.message : `${key}: ${alert.message}`, notification);
};

const withSymptoms = (text: string, { symptoms }: Notification): string =>
  symptoms === 0 ? text : `${text} (${symptoms} ${symptoms === 1 ? "symptom" : "symptoms"} suppressed)`;

/** The key of an alert, if its message has none of the words of it. */
const keyBeside = ({ key, message }: Alert): string => {
  // A duration is about no key.
  const words = wordsOf(message.replace(/^Resolved after [^.:]*/, ""));
  return wordsOf(key).some((word) => words.includes(word)) ? "" : key;
};

const wordsOf = (text: string): string[] => text.toLowerCase().match(/[\p{L}\p{N}]+/gu) ?? [];

const timeOf = ({ alert, occasion, repetition, created_at }: Notification, { timeZone }: MessageContext) => {
  const zone = { timeZone, now: new Date(created_at) };
  const { failing_since } = alert.details;
  const start = new Date(typeof failing_since === "string" ? failing_since : alert.fired_at);
  if (occasion === "test") return formatTime(start, zone);
  if (alert.resolved_at !== null) return formatSpan(start, new Date(alert.resolved_at), zone);
  return `since ${formatTime(start, zone)}${repetition ? `, again: the ${ordinal(repetition.count)} time in ${formatDuration(repetition.within_seconds * 1_000)}` : ""}`;
};

const listed = (others: readonly Notification[]): string[] => {
  const lines = others.slice(0, mostListed).map(statementOf);
  const left = others.length - lines.length;
  return left === 0 ? lines : [...lines, `and ${left} more`];
};

const linksOf = ({ alert, occasion }: Notification, { consoleUrl, runbookUrl }: MessageContext): Link[] => {
  if (occasion === "test") return consoleUrl ? [{ label: "Console", url: consoleUrl }] : [];
  const page = consoleUrl && `${consoleUrl}/alerts/${alert.id}`;
  const isOver = occasion === "resolved";
  return [
    ...(runbookUrl && !isOver ? [{ label: "Runbook", url: runbookUrl(alert.type) }] : []),
    ...(page ? [{ label: "Console", url: page }] : []),
    ...(page && !isOver ? [{ label: "Mute 1 h", url: `${page}?mute=1h` }] : []),
  ];
};

const ordinal = (count: number): string => {
  const endings = ["th", "st", "nd", "rd"];
  const isTeen = Math.floor((count % 100) / 10) === 1;
  return `${count}${(isTeen ? undefined : endings[count % 10]) ?? "th"}`;
};
