import type { Message } from "../message/message.ts";
import { clamp } from "./clamp.ts";

/** The styles of a container: their colours follow the theme of the reader. */
const styles: Record<Message["tone"], string> = {
  critical: "attention",
  error: "attention",
  warning: "warning",
  resolved: "good",
  test: "emphasis",
};

/** Teams refuses a message of more than 28 KB. */
const longestText = 1_000;
const mostFields = 10;

/**
 * A message with an adaptive card. Texts are in rich text blocks, whose runs are not read as Markdown: the error of a
 * database can neither format nor mention.
 */
export const teamsMessage = (message: Message) => {
  const { title, label, tone, service, statement, time, advice, facts, others, links, footer } = message;
  return {
    type: "message",
    summary: clamp(title, longestText),
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
              style: styles[tone],
              bleed: true,
              items: [line(bold(`${label} · ${service} · ${time}`)), line(plain(statement))],
            },
            ...others.map((other) => line(plain(other))),
            ...(advice ? [line(plain(advice.impact)), line(bold("What to do: "), plain(advice.action))] : []),
            ...facts.slice(0, mostFields).map(([name, value]) => line(bold(`${name}: `), plain(value))),
            line(subtle(footer)),
          ],
          actions: links.map(({ label, url }) => ({ type: "Action.OpenUrl", title: label, url })),
        },
      },
    ],
  };
};

const plain = (text: string) => ({ type: "TextRun", text: clamp(text, longestText) });
const bold = (text: string) => ({ ...plain(text), weight: "Bolder" });
const subtle = (text: string) => ({ ...plain(text), isSubtle: true, size: "Small" });
const line = (...inlines: object[]) => ({ type: "RichTextBlock", inlines });
