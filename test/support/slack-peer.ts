import { type PeerResponse, startHttpPeer } from "./http-peer.ts";

/** How the peer answers. */
export type SlackAnswer = PeerResponse;

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

const accepted: SlackAnswer = { status: 200, body: "ok" };

export const startSlackPeer = async (): Promise<SlackPeer> => {
  const messages: SlackMessage[] = [];
  let answers: SlackAnswer[] = [accepted];
  const peer = await startHttpPeer(({ body }) => {
    messages.push(JSON.parse(body));
    return (answers.length > 1 ? answers.shift() : answers[0]) ?? accepted;
  });
  return {
    webhookUrl: `${peer.url}/services/T000/B000/secret`,
    messages,
    answerWith: (...next) => {
      answers = next;
    },
    close: peer.close,
  };
};
