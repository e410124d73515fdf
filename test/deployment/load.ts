import { randomUUID } from "node:crypto";
import { Agent } from "undici";

/** A response of the service, or what happened instead. */
export interface Answer {
  slot: string;
  client: string;
  status: number;
  durationMs: number;
}

/** Continuous requests: half of them read, half place an order with an idempotency key. */
export interface Load {
  answers: Answer[];
  keys: string[];
  lost: string[];
  stop: () => Promise<void>;
}

const connections = 16;

/** Each connection sends one request after the other, each as another client. */
export const startLoad = (url: string, clients = 997): Load => {
  const agent = new Agent({ connections, pipelining: 1 });
  const load: Load = { answers: [], keys: [], lost: [], stop: async () => undefined };
  let isStopped = false;
  let next = 0;
  const send = async (): Promise<void> => {
    const number = next++;
    const client = `Bearer client-${number % clients}`;
    const key = randomUUID();
    const isOrder = number % 2 === 1;
    if (isOrder) load.keys.push(key);
    const startedMs = performance.now();
    try {
      const { statusCode, body } = await agent.request({
        origin: url,
        path: isOrder ? "/orders" : "/",
        method: isOrder ? "POST" : "GET",
        headers: { authorization: client, ...(isOrder && { "idempotency-key": key }) },
      });
      const { slot = "" } = (await body.json()) as { slot?: string };
      const durationMs = performance.now() - startedMs;
      load.answers.push({ slot, client, status: statusCode, durationMs });
      if (statusCode !== 200) load.lost.push(`${isOrder ? "POST" : "GET"} ${statusCode}`);
    } catch (error) {
      load.lost.push(String(error));
    }
  };
  const loops = Array.from({ length: connections }, async () => {
    while (!isStopped) await send();
  });
  load.stop = async () => {
    isStopped = true;
    await Promise.all(loops);
    await agent.close();
  };
  return load;
};
