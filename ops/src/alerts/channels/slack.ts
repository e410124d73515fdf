import type { Channel } from "../notify/channel.ts";
import { type HttpOptions, postJson } from "./post-json.ts";
import { slackMessage } from "./slack-format.ts";

/**
 * Sends to a Slack incoming webhook.
 *
 * @param options.webhookUrl a secret
 */
export const slackChannel = ({ webhookUrl, ...options }: { webhookUrl: string } & HttpOptions): Channel => ({
  name: "slack",
  send: (notification, signal) =>
    postJson({
      ...options,
      service: "Slack",
      url: webhookUrl,
      body: JSON.stringify(slackMessage(notification)),
      signal,
      readResponse: (text) => ({ word: wordIn(text) }),
    }),
});

/** Slack answers with one word, such as no_service; a longer text might repeat the request. */
const wordIn = (text: string): string | undefined => /^[a-z_]{1,40}$/.exec(text)?.[0];
