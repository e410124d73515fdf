import { type MessageOptions, plainContext } from "../message/context.ts";
import { describe, type Message } from "../message/message.ts";
import type { Channel } from "../notify/channel.ts";
import { clamp, escapeMarkup } from "./clamp.ts";
import { type HttpOptions, postJson, type ResponseDetails } from "./post-json.ts";

/** Telegram refuses messages of more than 4,096 characters after the entities are parsed. */
const longestValue = 200;
const longestMessage = 1_000;
const longestOther = 80;
const mostFields = 4;

/**
 * Sends a message to a chat by Telegram's Bot API.
 *
 * @param options.token of the bot, a secret
 * @param options.chatId a user, a group or a channel that the bot may write to
 * @param options.apiUrl the Bot API, or a local server of it
 */
export const telegramChannel = ({
  token,
  chatId,
  apiUrl = "https://api.telegram.org",
  context = plainContext,
  ...options
}: { token: string; chatId: string; apiUrl?: string | undefined } & MessageOptions &
  HttpOptions): Channel => ({
  name: "telegram",
  groups: true,
  send: (notification, signal) =>
    postJson({
      ...options,
      service: "Telegram",
      url: `${apiUrl}/bot${token}/sendMessage`,
      body: JSON.stringify({
        chat_id: chatId,
        text: telegramText(describe(notification, context)),
        parse_mode: "HTML",
        link_preview_options: { is_disabled: true },
      }),
      signal,
      readResponse,
    }),
});

/** The message in Telegram's subset of HTML. */
export const telegramText = (message: Message): string => {
  const { label, service, statement, time, advice, facts, others, links, footer } = message;
  return [
    `<b>${label}</b> · ${escaped(service, longestValue)} · ${escaped(time, longestValue)}`,
    escaped(statement, longestMessage),
    ...others.map((other) => `• ${escaped(other, longestOther)}`),
    ...(advice ? [advice.impact, `<b>What to do:</b> ${advice.action}`] : []),
    ...facts
      .slice(0, mostFields)
      .map(([name, value]) => `<b>${escaped(name, longestValue)}</b>: ${escaped(value, longestValue)}`),
    ...(links.length === 0 ? [] : [links.map(linkOf).join(" · ")]),
    `<i>${escaped(footer, longestValue)}</i>`,
  ].join("\n");
};

const linkOf = ({ label, url }: Message["links"][number]): string =>
  `<a href="${escapeMarkup(url).replaceAll('"', "&quot;")}">${label}</a>`;

const escaped = (text: string, longest: number): string => clamp(escapeMarkup(text), longest);

/** `{"ok":false,"error_code":429,"description":"Too Many Requests: ...","parameters":{"retry_after":5}}` */
const readResponse = (text: string): ResponseDetails => {
  try {
    const { description, parameters } = JSON.parse(text);
    const seconds = parameters?.retry_after;
    return {
      word: typeof description === "string" ? /^[A-Za-z ]{1,40}/.exec(description)?.[0] : undefined,
      afterMs: typeof seconds === "number" && seconds >= 0 ? Math.min(seconds, 600) * 1_000 : undefined,
    };
  } catch {
    return {};
  }
};
