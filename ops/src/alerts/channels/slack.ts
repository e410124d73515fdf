import { type MessageOptions, plainContext } from "../message/context.ts";
import { describe } from "../message/message.ts";
import type { Channel } from "../notify/channel.ts";
import { type HttpOptions, postJson } from "./post-json.ts";
import { slackMessage } from "./slack-format.ts";

/**
 * Sends to a Slack incoming webhook.
 *
 * @param options.webhookUrl a secret
 */
export const slackChannel = ({
  webhookUrl,
  context = plainContext,
  ...options
}: { webhookUrl: string } & MessageOptions & HttpOptions): Channel => ({
  name: "slack",
  groups: true,
  send: (notification, signal) =>
    postJson({
      ...options,
      service: "Slack",
      url: webhookUrl,
      body: JSON.stringify(slackMessage(describe(notification, context))),
      signal,
      readResponse: (text) => ({ word: wordIn(text) }),
    }),
});

/** Slack answers with one word, such as no_service; a longer text might repeat the request. */
const wordIn = (text: string): string | undefined => /^[a-z_]{1,40}$/.exec(text)?.[0];
