/** Begins a backup of the database at the address given first into the directory given second, and is killed in the middle. */

import { BackupManager } from "../../ops/src/backups/index.ts";
import { systemClock } from "../../ops/src/core/clock.ts";
import { createPool } from "../../ops/src/database/pool.ts";
import { quiet } from "../support/delivery.ts";

const [url = "", directory = ""] = process.argv.slice(2);
const backups = new BackupManager({
  pool: createPool(url),
  url,
  embedded: false,
  clock: systemClock,
  log: quiet,
  settings: {
    directory,
    key: undefined,
    keep: { kind: "count", count: 10 },
    command: undefined,
    restoreCommand: undefined,
    binDirectory: undefined,
  },
});
await backups.create({ requestedBy: "test", onProgress: () => process.kill(process.pid, "SIGKILL") });
