import { type MessageOptions, plainContext } from "../message/context.ts";
import { describe } from "../message/message.ts";
import type { Channel } from "../notify/channel.ts";
import { type HttpOptions, postJson } from "./post-json.ts";
import { teamsMessage } from "./teams-format.ts";

/**
 * Sends to a channel of Microsoft Teams through a workflow of the kind "when a Teams webhook request is received".
 *
 * @param options.webhookUrl a secret
 */
export const teamsChannel = ({
  webhookUrl,
  context = plainContext,
  ...options
}: { webhookUrl: string } & MessageOptions & HttpOptions): Channel => ({
  name: "teams",
  groups: true,
  send: (notification, signal) =>
    postJson({
      ...options,
      service: "Teams",
      url: webhookUrl,
      body: JSON.stringify(teamsMessage(describe(notification, context))),
      signal,
      readResponse: (text) => ({ word: codeIn(text) }),
    }),
});

/** Workflows answer errors as `{"error":{"code":"WorkflowNotFound",...}}`. */
const codeIn = (text: string): string | undefined => /"code"\s*:\s*"([A-Za-z]{1,60})"/.exec(text)?.[1];
