import { once } from "node:events";
import { createServer } from "node:http";
import type { AddressInfo } from "node:net";

/**
 * How the peer answers: like this, where `breaksOff` with half of the body, by keeping the connection open and saying
 * nothing, or by closing it.
 */
export type SlackAnswer =
  | { status: number; headers: Record<string, string>; body: string; breaksOff?: "hangs" | "closes" }
  | "nothing"
  | "closed";

/** An HTTP server that stands for Slack's incoming webhooks. */
export interface SlackPeer {
  /** Holds the word `secret`, which must show up nowhere. */
  readonly webhookUrl: string;
  /** The bodies that arrived, oldest first, whatever was answered. */
  readonly messages: SlackMessage[];
  /** From now on answers with these in turn, and with the last one from then on. */
  answerWith(...answers: [SlackAnswer, ...SlackAnswer[]]): void;
  close(): Promise<void>;
}

export interface SlackMessage {
  text: string;
  attachments: { color: string; blocks: object[] }[];
}

const accepted: SlackAnswer = { status: 200, headers: {}, body: "ok" };

export const startSlackPeer = async (): Promise<SlackPeer> => {
  const messages: SlackMessage[] = [];
  let answers: SlackAnswer[] = [accepted];
  const server = createServer(async (request, response) => {
    let body = "";
    for await (const chunk of request) body += chunk;
    messages.push(JSON.parse(body));
    const answer = (answers.length > 1 ? answers.shift() : answers[0]) ?? accepted;
    if (answer === "closed") request.socket.destroy();
    else if (answer !== "nothing") {
      const { status, headers, body: words, breaksOff } = answer;
      response.writeHead(status, headers);
      if (breaksOff === undefined) response.end(words);
      else response.write(words.slice(0, words.length / 2));
      if (breaksOff === "closes") setImmediate(() => request.socket.destroy());
    }
  });
  server.listen(0, "127.0.0.1");
  await once(server, "listening");
  const { port } = server.address() as AddressInfo;
  return {
    webhookUrl: `http://127.0.0.1:${port}/services/T000/B000/secret`,
    messages,
    answerWith: (...next) => {
      answers = next;
    },
    close: async () => {
      server.closeAllConnections();
      if (server.listening) await new Promise((resolve) => server.close(resolve));
    },
  };
};
