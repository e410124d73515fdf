/** Measures what the recorder adds to a request: connections in memory, one process, rounds in turns. */
import { Duplex } from "node:stream";
import { PerformanceMetrics, recordRequests } from "@earlybird-ops/platform/monitoring";
import fastify, { type FastifyInstance } from "fastify";
import { median, printTable, thousands } from "../figures.ts";

const rounds = 60;
const warmUps = 20;
const requests = 6_400;
const connections = 32;
const request = Buffer.from("GET /things/17 HTTP/1.1\r\nhost: localhost\r\n\r\n");

const recorders: Record<string, (app: FastifyInstance) => void> = {
  nothing: () => undefined,
  "an empty hook": (app) => void app.addHook("onRequest", (_request, _reply, done) => done()),
  EarlyBird: (app) => recordRequests(app, { performance: new PerformanceMetrics() }),
};

/** A connection in memory: the next request follows each response, while any are left. */
class Connection extends Duplex {
  readonly remoteAddress = "127.0.0.1";

  constructor(readonly onResponse: (connection: Connection) => void) {
    super();
  }

  override _read(): void {}

  override _write(_chunk: Buffer, _encoding: string, done: () => void): void {
    done();
    setImmediate(this.onResponse, this);
  }

  override _writev(_chunks: unknown, done: () => void): void {
    done();
    setImmediate(this.onResponse, this);
  }

  // Node's server calls it on each connection.
  setTimeout(): this {
    return this;
  }
}

/** Returns a function that makes many requests, and returns the processor time of one in nanoseconds. */
const startApp = async (record: (app: FastifyInstance) => void): Promise<() => Promise<number>> => {
  const app = fastify();
  record(app);
  app.get("/things/:id", async () => ({ id: 17, name: "a thing", quantity: 3, price_paise: 6_400 }));
  await app.ready();
  let left = 0;
  let idle = 0;
  let finished = () => {};
  const onResponse = (connection: Connection) => {
    if (left-- > 0) connection.push(request);
    else if (++idle === connections) finished();
  };
  const all = Array.from({ length: connections }, () => new Connection(onResponse));
  for (const connection of all) app.server.emit("connection", connection);
  return async () => {
    left = requests - connections;
    idle = 0;
    const before = process.cpuUsage();
    await new Promise<void>((resolve) => {
      finished = resolve;
      for (const connection of all) connection.push(request);
    });
    const { user, system } = process.cpuUsage(before);
    return ((user + system) * 1_000) / requests;
  };
};

const names = Object.keys(recorders);
const apps = await Promise.all(Object.values(recorders).map(startApp));
const found: number[][] = names.map(() => []);
for (let round = -warmUps; round < rounds; round++) {
  for (const [at, measure] of apps.entries()) {
    const nanoseconds = await measure();
    if (round >= 0) found[at]?.push(nanoseconds);
  }
}
const bare = found[0] ?? [];
const atRound = (round: number) => bare[round] ?? Number.NaN;
console.log("\n## Processor time of a request of Fastify, without a network\n");
console.log(`Medians of ${rounds} rounds of ${thousands(requests)} requests, compared round by round.\n`);
printTable(
  ["recorded by", "one request", "more", "without / with"],
  names.map((name, at) => {
    const times = found[at] ?? [];
    const more = median(times.map((time, round) => time - atRound(round)));
    const share = median(times.map((time, round) => atRound(round) / time));
    return [name, `${median(times).toFixed(0)} ns`, `${more.toFixed(0)} ns`, share.toFixed(3)];
  }),
);
