import { join } from "node:path";
import { type ParseArgsConfig, parseArgs } from "node:util";
import fastify from "fastify";
import { stopSignal } from "../../ops/src/cli/stop-signal.ts";
import { systemClock } from "../../ops/src/core/clock.ts";
import { createLogger } from "../../ops/src/core/logger.ts";
import { occupySlot, runFront, type Slot } from "../../ops/src/deployment/index.ts";
import earlybird, { problems } from "../../ops/src/index.ts";
import { readMonitoringSettings } from "../../ops/src/settings/monitoring-settings.ts";
import { startMonitoring } from "../../ops/src/start-monitoring.ts";

/** A service with the API versions of `--versions`, behind a front. `--slot` makes this program a slot. */
const { DATA_DIR: dataDir = "", PORT = "" } = process.env;
const options = {
  versions: { type: "string", default: "" },
  slot: { type: "string" },
  url: { type: "string", default: "" },
} as const satisfies ParseArgsConfig["options"];
const { values } = parseArgs({ options });
const dates = values.versions.split(",");
const stopped = stopSignal(systemClock);

const serveSlot = async (slot: Slot): Promise<void> => {
  const { listening, ready } = await occupySlot(dataDir, slot, values.url);
  const observed = await startMonitoring({
    version: "1.0.0",
    settings: readMonitoringSettings({}, "/nowhere/.env"),
    dataDir: join(dataDir, slot),
    log: createLogger("error"),
  });
  const app = fastify({ forceCloseConnections: true });
  await app.register(problems);
  const apiVersions = dates.map((date) => ({ date }));
  await app.register(earlybird, { ...observed, version: "1.0.0", apiVersions });
  app.get("/orders", async ({ apiVersion }) => ({ slot, version: apiVersion }));
  app.get("/openapi.json", async () => ({ openapi: "3.1.0", paths: { [`/${slot}`]: { get: {} } } }));
  listening.attach(app.server);
  await app.listen({ path: listening.path });
  await ready(`open at ${values.url}`, dates);
  await stopped;
  await app.close();
  await observed.stop();
};

if (values.slot) await serveSlot(values.slot as Slot);
else {
  process.exitCode = await runFront({
    envFile: "",
    dataDir,
    host: "127.0.0.1",
    port: Number(PORT),
    launch: { command: process.execPath, args: process.argv.slice(1), cwd: process.cwd() },
    log: createLogger("info"),
    print: (text) => process.stdout.write(`${text}\n`),
    write: (chunk) => process.stderr.write(chunk),
    stopped,
  });
}
