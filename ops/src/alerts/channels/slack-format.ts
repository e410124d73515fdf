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
const grey = "#868e96";

/** Slack refuses a message whose fields are longer or more numerous. */
const longestText = 2_000;
const mostFields = 10;

/**
 * The body of an incoming webhook: blocks in an attachment, because only attachments have a colour, and a
 * plain text for notifications and readers without blocks.
 */
export const slackMessage = (notification: Notification) => {
  const { alert } = notification;
  const fields = Object.entries(alert.details).slice(0, mostFields);
  const heading = `*${occasionLabel(notification)}* · ${escaped(subjectOf(notification))}`;
  return {
    text: clamp(escaped(headline(notification))),
    attachments: [
      {
        color: colourOf(notification),
        blocks: [
          { type: "section", text: mrkdwn(`${heading}\n${escaped(messageOf(notification))}`) },
          ...(fields.length === 0
            ? []
            : [
                {
                  type: "section",
                  fields: fields.map(([name, value]) =>
                    mrkdwn(`*${escaped(labelOf(name))}*\n${escaped(String(value))}`),
                  ),
                },
              ]),
          {
            type: "context",
            elements: [mrkdwn(`${timesOf(notification)} · ${escaped(hostname())} · ${alert.id}`)],
          },
        ],
      },
    ],
  };
};

const colourOf = ({ occasion, alert }: Notification): string => {
  if (occasion === "test") return grey;
  return occasion === "resolved" ? green : colours[alert.severity];
};

const mrkdwn = (text: string) => ({ type: "mrkdwn", text: clamp(text) });

/** Cuts through neither a pair of code units nor an escaped character. */
const clamp = (text: string): string =>
  text.length > longestText
    ? `${text.slice(0, longestText - 1).replace(/[\ud800-\udbff]$|&[a-z]{0,3}$/, "")}…`
    : text;

/** The three characters that mean something to Slack; without this a database's error could mention `@channel`. */
const escaped = (text: string): string =>
  text.replaceAll("&", "&amp;").replaceAll("<", "&lt;").replaceAll(">", "&gt;");
