import { Agent, get } from "node:http";

export interface Steadily {
  paths: readonly string[];
  perSecond: number;
  durationMs: number;
}

/**
 * Requests paths in turn at a fixed rate, independent of the responses.
 *
 * @returns the response times in milliseconds, ascending
 */
export const askSteadily = async (
  port: number,
  { paths, perSecond, durationMs }: Steadily,
): Promise<number[]> => {
  const agent = new Agent({ keepAlive: true, maxSockets: 64 });
  const wanted = Math.round((perSecond * durationMs) / 1_000);
  const startMs = performance.now();
  const underWay: Promise<number>[] = [];
  await new Promise<void>((resolve) => {
    const timer = setInterval(() => {
      const due = Math.min(wanted, Math.floor(((performance.now() - startMs) * perSecond) / 1_000));
      while (underWay.length < due) {
        const path = paths[underWay.length % paths.length] ?? "/";
        underWay.push(ask(agent, port, path));
      }
      if (due < wanted) return;
      clearInterval(timer);
      resolve();
    }, 2);
  });
  const latencies = await Promise.all(underWay);
  agent.destroy();
  return latencies.sort((a, b) => a - b);
};

const ask = (agent: Agent, port: number, path: string): Promise<number> =>
  new Promise((resolve, reject) => {
    const startMs = performance.now();
    // As browsers and Prometheus do.
    const headers = { "accept-encoding": "gzip" };
    get({ agent, port, path, headers, host: "127.0.0.1" }, (response) => {
      if (response.statusCode !== 200) reject(new Error(`${path}: ${response.statusCode}`));
      response.resume().on("end", () => resolve(performance.now() - startMs));
    }).on("error", reject);
  });
