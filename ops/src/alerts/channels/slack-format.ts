import { hostname } from "node:os";
import { AlertSeverity } from "../model/alert.ts";
import type { Notification } from "../model/notification.ts";
import { headline, labelOf, messageOf, occasionLabel, subjectOf, timesOf } from "../notify/message-text.ts";
import { clamp, escapeMarkup } from "./clamp.ts";

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
  const heading = `*${occasionLabel(notification)}* · ${escapeMarkup(subjectOf(notification))}`;
  return {
    text: clamp(escapeMarkup(headline(notification)), longestText),
    attachments: [
      {
        color: colourOf(notification),
        blocks: [
          { type: "section", text: mrkdwn(`${heading}\n${escapeMarkup(messageOf(notification))}`) },
          ...(fields.length === 0
            ? []
            : [
                {
                  type: "section",
                  fields: fields.map(([name, value]) =>
                    mrkdwn(`*${escapeMarkup(labelOf(name))}*\n${escapeMarkup(String(value))}`),
                  ),
                },
              ]),
          {
            type: "context",
            elements: [mrkdwn(`${timesOf(notification)} · ${escapeMarkup(hostname())} · ${alert.id}`)],
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

const mrkdwn = (text: string) => ({ type: "mrkdwn", text: clamp(text, longestText) });
