import { hostname } from "node:os";
import { AlertSeverity } from "../model/alert.ts";
import type { Notification } from "../model/notification.ts";
import { headline, labelOf, messageOf, occasionLabel, subjectOf, timesOf } from "../notify/message-text.ts";

const colours: Record<AlertSeverity, string> = {
  [AlertSeverity.CRITICAL]: "#c92a2a",
  [AlertSeverity.ERROR]: "#e8590c",
  [AlertSeverity.WARNING]: "#f08c00",
};
const green = "#2b8a3e";

/** Some mail clients cut longer subjects. */
const longestSubject = 200;

/** The address in `EarlyBird <alerts@example.com>`, or in `alerts@example.com`. */
export const addressOf = (sender: string): string => /<([^<>]+)>\s*$/.exec(sender)?.[1] ?? sender.trim();

/**
 * A mail about a notification, in plain text and HTML. All mails about one alert are one thread: the first is
 * known by the alert, every later one by its notification, and refers to the first.
 */
export const emailMessage = (
  notification: Notification,
  { from, to }: { from: string; to: readonly string[] },
) => {
  const { id, occasion, alert, created_at } = notification;
  const domain = addressOf(from).split("@")[1] ?? "localhost";
  const first = `<${alert.id}@${domain}>`;
  const isFirst = occasion === "fired" || occasion === "test";
  return {
    from,
    to: [...to],
    subject: oneLine(headline(notification)).slice(0, longestSubject),
    date: new Date(created_at),
    messageId: isFirst ? first : `<${id}@${domain}>`,
    ...(isFirst ? {} : { inReplyTo: first, references: [first] }),
    // Suppresses automatic replies (RFC 3834).
    headers: { "Auto-Submitted": "auto-generated" },
    text: textOf(notification),
    html: htmlOf(notification),
  };
};

const factsOf = (notification: Notification): [string, string][] => [
  ...Object.entries(notification.alert.details).map(([name, value]): [string, string] => [
    labelOf(name),
    String(value),
  ]),
  ["time", timesOf(notification)],
  ["host", hostname()],
  ["alert", notification.alert.id],
];

const textOf = (notification: Notification): string => {
  const facts = factsOf(notification).map(([name, value]) => `${name}: ${value}`);
  return [
    `${occasionLabel(notification)}: ${subjectOf(notification)}`,
    "",
    messageOf(notification),
    "",
    ...facts,
    "",
  ].join("\n");
};

const htmlOf = (notification: Notification): string => {
  const colour = notification.occasion === "resolved" ? green : colours[notification.alert.severity];
  const facts = factsOf(notification).map(
    ([name, value]) =>
      `<tr><td style="padding:2px 16px 2px 0;color:#868e96">${escaped(name)}</td><td>${escaped(value)}</td></tr>`,
  );
  return `<div style="font-family:sans-serif;border-left:4px solid ${colour};padding-left:12px">
<p><strong style="color:${colour}">${escaped(occasionLabel(notification))}</strong> ${escaped(subjectOf(notification))}</p>
<p>${escaped(messageOf(notification))}</p>
<table style="border-collapse:collapse;font-size:14px">
${facts.join("\n")}
</table>
</div>
`;
};

/** A line break in a subject would begin another header. */
const oneLine = (text: string): string => text.replaceAll(/\s+/g, " ").trim();

const escaped = (text: string): string =>
  text
    .replaceAll("&", "&amp;")
    .replaceAll("<", "&lt;")
    .replaceAll(">", "&gt;")
    .replaceAll('"', "&quot;")
    .replaceAll("'", "&#39;");
