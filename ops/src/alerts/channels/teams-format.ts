import { hostname } from "node:os";
import { AlertSeverity } from "../model/alert.ts";
import type { Notification } from "../model/notification.ts";
import { headline, labelOf, messageOf, occasionLabel, subjectOf, timesOf } from "../notify/message-text.ts";
import { clamp } from "./clamp.ts";

/** The styles of a container: their colours follow the theme of the reader. */
const styles: Record<AlertSeverity, string> = {
  [AlertSeverity.CRITICAL]: "attention",
  [AlertSeverity.ERROR]: "attention",
  [AlertSeverity.WARNING]: "warning",
};

/** Teams refuses a message of more than 28 KB. */
const longestText = 1_000;
const mostFields = 10;

/**
 * A message with an adaptive card. Texts are in rich text blocks, whose runs are not read as Markdown: the error of a
 * database can neither format nor mention.
 */
export const teamsMessage = (notification: Notification) => {
  const { alert } = notification;
  const fields = Object.entries(alert.details).slice(0, mostFields);
  return {
    type: "message",
    summary: clamp(headline(notification), longestText),
    attachments: [
      {
        contentType: "application/vnd.microsoft.card.adaptive",
        contentUrl: null,
        content: {
          $schema: "http://adaptivecards.io/schemas/adaptive-card.json",
          type: "AdaptiveCard",
          version: "1.4",
          msteams: { width: "Full" },
          body: [
            {
              type: "Container",
              style: styleOf(notification),
              bleed: true,
              items: [
                line(bold(`${occasionLabel(notification)} · ${subjectOf(notification)}`)),
                line(plain(messageOf(notification))),
              ],
            },
            ...fields.map(([name, value]) => line(bold(`${labelOf(name)}: `), plain(String(value)))),
            line(subtle(`${timesOf(notification)} · ${hostname()} · ${alert.id}`)),
          ],
        },
      },
    ],
  };
};

const styleOf = ({ occasion, alert }: Notification): string => {
  if (occasion === "test") return "emphasis";
  return occasion === "resolved" ? "good" : styles[alert.severity];
};

const plain = (text: string) => ({ type: "TextRun", text: clamp(text, longestText) });
const bold = (text: string) => ({ ...plain(text), weight: "Bolder" });
const subtle = (text: string) => ({ ...plain(text), isSubtle: true, size: "Small" });
const line = (...inlines: object[]) => ({ type: "RichTextBlock", inlines });
