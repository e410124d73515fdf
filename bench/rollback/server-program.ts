/** Serves the delivery API on the database and port given as arguments. Prints "ready" once it listens. */
import { mkdtemp } from "node:fs/promises";
import { tmpdir } from "node:os";
import { join } from "node:path";
import { createLogger, readSettings } from "@earlybird-ops/platform";
import { createPool } from "@earlybird-ops/platform/database";
import { RollbackManager } from "@earlybird-ops/platform/rollback";
import { changes } from "../../delivery/src/changes/index.ts";
import { serve } from "../../delivery/src/main.ts";

const [url = "", port = ""] = process.argv.slice(2);
const log = createLogger("silent");
const pool = createPool(url);
const running = await serve({
  version: "0.0.0",
  pool,
  direct: pool,
  rollback: new RollbackManager({ pool, changes, log }),
  settings: readSettings({ PORT: port }, ""),
  dataDir: await mkdtemp(join(tmpdir(), "earlybird-bench-server-")),
  log,
});
console.log("ready");
process.once("SIGTERM", () => void running.close().then(() => process.exit()));
