import { mkdtemp } from "node:fs/promises";
import { tmpdir } from "node:os";
import { join } from "node:path";
import { createLogger, earlybird, problems, readSettings, startMonitoring } from "earlybird";
import { createPool } from "earlybird/database";
import type { FastifyInstance } from "fastify";

/** All of the platform but rollback, as a service of one's own has it; everybody is an operator. */
export const watchWithEarlybird = async (app: FastifyInstance, databaseUrl: string): Promise<void> => {
  const pool = createPool(databaseUrl);
  const log = createLogger("silent");
  const version = "1.0.0";
  const dataDir = await mkdtemp(join(tmpdir(), "earlybird-bench-"));
  const watched = await startMonitoring({ pool, settings: readSettings({}, ""), dataDir, log, version });
  await app.register(problems, { isDatabaseUnavailable: () => false });
  await app.register(earlybird, { ...watched, version, authorize: async () => ({ id: "1", name: "Asha" }) });
};
