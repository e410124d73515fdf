import { setTimeout as sleep } from "node:timers/promises";

/** Continuous requests to a service, and the responses so far. */
export interface Traffic {
  /** The number of responses by request and status: `GET /api/orders 200`. */
  answers: ReadonlyMap<string, number>;
  stop: () => Promise<void>;
}

const pauseMs = 25;

/** Logs in and returns the authorization header. */
export const logIn = async (url: string, who: string): Promise<{ authorization: string }> => {
  const answer = await fetch(`${url}/api/auth/login`, {
    method: "POST",
    headers: { "content-type": "application/json" },
    body: JSON.stringify({ email: `${who}@earlybird.local`, password: "earlybird-demo" }),
  });
  if (answer.status !== 200) throw new Error(`${who} cannot log in: ${answer.status} ${await answer.text()}`);
  const { access_token } = (await answer.json()) as { access_token: string };
  return { authorization: `Bearer ${access_token}` };
};

/** Reads and places orders as a support user until `stop` is called. */
export const startTraffic = async (url: string): Promise<Traffic> => {
  const headers = { ...(await logIn(url, "support")), "content-type": "application/json" };
  const idsAt = async (path: string): Promise<string[]> => {
    const { items } = (await (await fetch(`${url}${path}`, { headers })).json()) as {
      items: { id: string }[];
    };
    return items.map(({ id }) => id);
  };
  const customers = await idsAt("/api/customers?status=active&limit=20");
  const products = await idsAt("/api/products?active=true&limit=5");
  const deliveryDate = new Date(Date.now() + 2 * 86_400_000).toISOString().slice(0, 10);
  const answers = new Map<string, number>();
  let stopped = false;

  const ask = async (method: string, path: string, body?: object) => {
    const request = { method, headers, ...(body && { body: JSON.stringify(body) }) };
    const status = await fetch(`${url}${path}`, request).then(
      async (answer) => {
        await answer.arrayBuffer();
        return answer.status;
      },
      (error: Error) => `${error.message}: ${(error.cause as Error | undefined)?.message}`,
    );
    const name = `${method} ${path.split("?")[0]} ${status}`;
    answers.set(name, (answers.get(name) ?? 0) + 1);
  };
  const placeOrder = (round: number) =>
    ask("POST", "/api/orders", {
      customer_id: customers[round % customers.length],
      delivery_date: deliveryDate,
      items: [{ product_id: products[round % products.length], quantity: 1 }],
    });
  const repeat = async (work: (round: number) => Promise<void>) => {
    for (let round = 0; !stopped; round++) {
      await work(round);
      await sleep(pauseMs);
    }
  };
  const loops = [
    repeat(() => ask("GET", "/api/orders?limit=5")),
    repeat(() => ask("GET", "/api/health")),
    repeat(() => ask("GET", "/api/subscriptions?limit=5")),
    repeat(placeOrder),
    repeat((round) => placeOrder(round + 7)),
  ];
  return {
    answers,
    stop: async () => {
      stopped = true;
      await Promise.all(loops);
    },
  };
};
