import type { Channel } from "../notify/channel.ts";
import { type HttpOptions, postJson } from "./post-json.ts";
import { teamsMessage } from "./teams-format.ts";

/**
 * Sends to a channel of Microsoft Teams through a workflow of the kind "when a Teams webhook request is received".
 *
 * @param options.webhookUrl a secret
 */
export const teamsChannel = ({ webhookUrl, ...options }: { webhookUrl: string } & HttpOptions): Channel => ({
  name: "teams",
  send: (notification, signal) =>
    postJson({
      ...options,
      service: "Teams",
      url: webhookUrl,
      body: JSON.stringify(teamsMessage(notification)),
      signal,
      readResponse: (text) => ({ word: codeIn(text) }),
    }),
});

/** Workflows answer errors as `{"error":{"code":"WorkflowNotFound",...}}`. */
const codeIn = (text: string): string | undefined => /"code"\s*:\s*"([A-Za-z]{1,60})"/.exec(text)?.[1];
