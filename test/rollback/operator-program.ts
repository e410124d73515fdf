/** A process that goes on rolling steps 27 to 19 back and re-applying them, until it is killed. */
import { RollbackManager } from "@earlybird-ops/platform/rollback";
import { changes } from "../../delivery/src/changes/index.ts";
import { createLogger } from "../../ops/src/core/logger.ts";
import { createPool } from "../../ops/src/database/pool.ts";
import { asked } from "./asked.ts";

const pool = createPool(process.argv[2] as string);
const manager = new RollbackManager({ pool, changes, log: createLogger("silent") });

console.log("ready");
for (;;) {
  await manager.rollbackSteps(27, 19, asked);
  await manager.reapplySteps(19, 27, asked);
}
