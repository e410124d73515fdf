import { hostname } from "node:os";
import { type Alert, AlertSeverity } from "./alert.ts";

const colours: Record<AlertSeverity, string> = {
  [AlertSeverity.CRITICAL]: "#c92a2a",
  [AlertSeverity.ERROR]: "#e8590c",
  [AlertSeverity.WARNING]: "#f08c00",
};
const green = "#2b8a3e";

/** Slack refuses a message whose fields are longer or more numerous. */
const longestText = 2_000;
const mostFields = 10;

/**
 * The body of an incoming webhook: blocks in an attachment, because only attachments have a colour, and a
 * plain text for notifications and readers without blocks.
 */
export const slackMessage = (alert: Alert) => {
  const resolved = alert.state === "resolved";
  const word = resolved ? "RESOLVED" : alert.severity.toUpperCase();
  const fields = Object.entries(alert.details).slice(0, mostFields);
  const when = resolved ? `resolved ${alert.resolved_at}` : `since ${alert.fired_at}`;
  return {
    text: clamp(`${word}: ${alert.type}: ${escaped(alert.message)}`),
    attachments: [
      {
        color: resolved ? green : colours[alert.severity],
        blocks: [
          { type: "section", text: mrkdwn(`*${word}* · ${alert.type}\n${escaped(alert.message)}`) },
          ...(fields.length === 0
            ? []
            : [
                {
                  type: "section",
                  fields: fields.map(([name, value]) =>
                    mrkdwn(`*${escaped(name.replaceAll("_", " "))}*\n${escaped(String(value))}`),
                  ),
                },
              ]),
          { type: "context", elements: [mrkdwn(`${when} · ${escaped(hostname())} · ${alert.id}`)] },
        ],
      },
    ],
  };
};

const mrkdwn = (text: string) => ({ type: "mrkdwn", text: clamp(text) });

const clamp = (text: string): string =>
  text.length > longestText ? `${text.slice(0, longestText - 1)}…` : text;

/** The three characters that mean something to Slack; without this a database's error could mention `@channel`. */
const escaped = (text: string): string =>
  text.replaceAll("&", "&amp;").replaceAll("<", "&lt;").replaceAll(">", "&gt;");
