import { randomUUID } from "node:crypto";
import { setTimeout as sleep } from "node:timers/promises";
import { Agent } from "undici";

/** `order` has an idempotency key, so it may be repeated; `payment` has none. */
export type RequestKind = "read" | "order" | "payment";

/** A request and its response, or what happened instead. */
export interface Sent {
  kind: RequestKind;
  client: string;
  /** Of an order or a payment. */
  key: string;
  /** Empty without a response. */
  slot: string;
  /** Null if it has the status 200. */
  lost: string | null;
  startedMs: number;
  endedMs: number;
}

/** Requests of many clients, without pause. */
export interface Load {
  readonly sent: Sent[];
  stop: () => Promise<void>;
}

export interface LoadOptions {
  kinds?: readonly RequestKind[];
  /** The client of a request, by its number. */
  clientOf?: (number: number) => string;
  connections?: number;
  /** Of each connection, after a response. */
  pauseMs?: number;
}

const routes = { read: "/", order: "/orders", payment: "/payments" };

/** Each connection sends one request after the other. */
export const startLoad = (
  url: string,
  {
    kinds = ["read", "order"],
    clientOf = (number) => `client-${number % 997}`,
    connections = 8,
    pauseMs = 0,
  }: LoadOptions = {},
): Load => {
  const agent = new Agent({ connections, pipelining: 1 });
  const sent: Sent[] = [];
  let isStopped = false;
  let next = 0;
  const send = async (): Promise<void> => {
    const number = next++;
    const kind = kinds[number % kinds.length] ?? "read";
    const request = { kind, client: clientOf(number), key: randomUUID(), startedMs: performance.now() };
    const response = await answerOf(agent, url, request);
    sent.push({ ...request, ...response, endedMs: performance.now() });
  };
  const loops = Array.from({ length: connections }, async () => {
    while (!isStopped) {
      await send();
      if (pauseMs > 0) await sleep(pauseMs);
    }
  });
  const stop = async (): Promise<void> => {
    isStopped = true;
    await Promise.all(loops);
    await agent.destroy();
  };
  return { sent, stop };
};

const answerOf = async (
  agent: Agent,
  url: string,
  { kind, client, key }: Pick<Sent, "kind" | "client" | "key">,
): Promise<Pick<Sent, "slot" | "lost">> => {
  try {
    const { statusCode, body } = await agent.request({
      origin: url,
      path: routes[kind],
      method: kind === "read" ? "GET" : "POST",
      headers: {
        authorization: `Bearer ${client}`,
        ...(kind === "order" && { "idempotency-key": key }),
        ...(kind === "payment" && { "x-payment": key }),
      },
    });
    const { slot = "" } = (await body.json()) as { slot?: string };
    return { slot, lost: statusCode === 200 ? null : `status ${statusCode}` };
  } catch (error) {
    return { slot: "", lost: String(error) };
  }
};
