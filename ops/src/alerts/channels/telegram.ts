import type { Notification } from "../model/notification.ts";
import type { Channel } from "../notify/channel.ts";
import { labelOf, messageOf, occasionLabel, subjectOf, timesOf } from "../notify/message-text.ts";
import { clamp, escapeMarkup } from "./clamp.ts";
import { type HttpOptions, postJson, type ResponseDetails } from "./post-json.ts";

/** Telegram refuses messages of more than 4,096 characters after the entities are parsed. */
const longestValue = 300;
const longestMessage = 1_000;
const mostFields = 8;

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
  ...options
}: { token: string; chatId: string; apiUrl?: string | undefined } & HttpOptions): Channel => ({
  name: "telegram",
  send: (notification, signal) =>
    postJson({
      ...options,
      service: "Telegram",
      url: `${apiUrl}/bot${token}/sendMessage`,
      body: JSON.stringify({
        chat_id: chatId,
        text: telegramText(notification),
        parse_mode: "HTML",
        link_preview_options: { is_disabled: true },
      }),
      signal,
      readResponse,
    }),
});

/** The message in Telegram's subset of HTML. */
export const telegramText = (notification: Notification): string => {
  const { alert } = notification;
  const fields = Object.entries(alert.details).slice(0, mostFields);
  return [
    `<b>${escaped(occasionLabel(notification), longestValue)}</b> · ${escaped(subjectOf(notification), longestValue)}`,
    escaped(messageOf(notification), longestMessage),
    ...fields.map(
      ([name, value]) =>
        `<b>${escaped(labelOf(name), longestValue)}</b>: ${escaped(String(value), longestValue)}`,
    ),
    `<i>${timesOf(notification)} · ${alert.id}</i>`,
  ].join("\n");
};

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
