import type { Link, Message } from "../message/message.ts";
import { clamp, escapeMarkup } from "./clamp.ts";

const colours: Record<Message["tone"], string> = {
  critical: "#c92a2a",
  error: "#e8590c",
  warning: "#f08c00",
  resolved: "#2b8a3e",
  test: "#868e96",
};

/** Slack refuses a message whose texts are longer, or whose fields are more numerous. */
const longestText = 2_000;
const mostFields = 10;

/**
 * The body of an incoming webhook: blocks in an attachment, because only attachments have a colour, and a plain text for
 * notifications and readers without blocks.
 */
export const slackMessage = (message: Message) => {
  const { title, label, tone, service, statement, time, advice, facts, others, links, footer } = message;
  const heading = `*${label}* · ${escapeMarkup(service)} · ${escapeMarkup(time)}`;
  const lines = [statement, ...others.map((other) => `• ${other}`)].map(escapeMarkup);
  const fields = facts.slice(0, mostFields);
  const blocks = [
    section(`${heading}\n${lines.join("\n")}`),
    ...(advice
      ? [section(`${escapeMarkup(advice.impact)}\n*What to do:* ${escapeMarkup(advice.action)}`)]
      : []),
    ...(fields.length === 0 ? [] : [{ type: "section", fields: fields.map(fieldOf) }]),
    ...(links.length === 0 ? [] : [section(links.map(linkOf).join(" · "))]),
    { type: "context", elements: [mrkdwn(escapeMarkup(footer))] },
  ];
  return {
    text: clamp(escapeMarkup(title), longestText),
    attachments: [{ color: colours[tone], blocks }],
  };
};

const mrkdwn = (text: string) => ({ type: "mrkdwn", text: clamp(text, longestText) });
const section = (text: string) => ({ type: "section", text: mrkdwn(text) });
const fieldOf = ([name, value]: [string, string]) =>
  mrkdwn(`*${escapeMarkup(name)}*\n${escapeMarkup(value)}`);
const linkOf = ({ label, url }: Link): string => `<${escapeMarkup(url)}|${label}>`;
