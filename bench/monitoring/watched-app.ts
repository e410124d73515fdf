import { mkdtemp } from "node:fs/promises";
import { tmpdir } from "node:os";
import { join } from "node:path";
import { earlybird, readSettings, startMonitoring } from "@earlybird-ops/platform";
import { type RaisedType, raisedTypes } from "@earlybird-ops/platform/alerts";
import { createPool } from "@earlybird-ops/platform/database";
import type { FastifyInstance } from "fastify";
import { logLines } from "../../test/support/log-lines.ts";

/** The platform without rollback, as your own service uses it; every user is an operator. */
export const watchWithEarlybird = async (
  app: FastifyInstance,
  { databaseUrl, alerts }: { databaseUrl: string; alerts: number },
): Promise<void> => {
  const pool = createPool(databaseUrl);
  const { log } = logLines();
  const version = "1.0.0";
  const dataDir = await mkdtemp(join(tmpdir(), "earlybird-bench-"));
  const watched = await startMonitoring({ pool, settings: readSettings({}, ""), dataDir, log, version });
  const types = Object.keys(raisedTypes) as RaisedType[];
  for (let n = 0; n < alerts; n++) {
    const type = types[n % types.length] ?? "CUSTOM";
    watched.alerts.raise({ type, key: `thing ${n}`, message: "Something is wrong.", details: { n } });
  }
  await app.register(earlybird, { ...watched, version, authorize: async () => ({ id: "1", name: "Asha" }) });
};
