import { type ParseArgsConfig, parseArgs } from "node:util";
import fastify from "fastify";
import pg from "pg";
import { stopSignal } from "../../ops/src/cli/stop-signal.ts";
import { systemClock } from "../../ops/src/core/clock.ts";
import { createLogger } from "../../ops/src/core/logger.ts";
import { inheritSockets, occupySlot, runFront, type Slot } from "../../ops/src/deployment/index.ts";

/** A service with a front, as small as one can be: `--slot` makes this program the slot that the front starts. */
const { DATA_DIR: dataDir = "", PORT = "", DATABASE: connectionString = "" } = process.env;
const options = {
  slot: { type: "string" },
  direct: { type: "boolean" },
  url: { type: "string" },
  successor: { type: "boolean" },
} as const satisfies ParseArgsConfig["options"];
const { values } = parseArgs({ options });
const stopped = stopSignal(systemClock);

const createApp = (pool: pg.Pool, slot: Slot) => {
  const app = fastify({ forceCloseConnections: "idle" });
  app.get("/readyz", async () => "ready");
  app.get("/", async ({ headers }) => {
    // CPU work, so that some requests are in progress when a process is killed.
    for (const endMs = performance.now() + 1; performance.now() < endMs; );
    return { slot, client: headers.authorization ?? "" };
  });
  app.post("/orders", async ({ headers }) => {
    await pool.query("insert into orders (key) values ($1) on conflict do nothing", [
      headers["idempotency-key"],
    ]);
    await pool.query("update orders set executed = executed + 1 where key = $1 and executed = 0", [
      headers["idempotency-key"],
    ]);
    return { slot };
  });
  app.get("/quick", async () => ({ slot }));
  return app;
};

const serveSlot = async (slot: Slot, url: string): Promise<void> => {
  const pool = new pg.Pool({ connectionString, max: 4 });
  const { listening, ready } = await occupySlot(dataDir, slot, url);
  const app = createApp(pool, slot);
  listening.attach(app.server);
  await app.listen({ path: listening.path });
  await ready(`open at ${url}`);
  await stopped;
  await app.close();
  await pool.end();
};

/** The same service without a front, for comparison. */
const serveDirectly = async (): Promise<void> => {
  const pool = new pg.Pool({ connectionString, max: 4 });
  const app = createApp(pool, "blue");
  const url = await app.listen({ host: "127.0.0.1", port: Number(PORT) });
  process.stdout.write(`open at ${url}\n`);
  await stopped;
  await app.close();
  await pool.end();
};

if (values.direct) await serveDirectly();
else if (values.slot) await serveSlot(values.slot as Slot, values.url ?? "");
else {
  process.exitCode = await runFront({
    dataDir,
    host: "127.0.0.1",
    port: Number(PORT),
    handles: values.successor ? await inheritSockets() : undefined,
    launch: {
      command: process.execPath,
      args: [...process.execArgv, process.argv[1] ?? ""],
      cwd: process.cwd(),
    },
    envFile: "",
    log: createLogger("info"),
    print: (text) => process.stdout.write(`${text}\n`),
    write: (chunk) => process.stderr.write(chunk),
    stopped,
  });
}
