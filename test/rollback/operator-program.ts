/** A process that goes on rolling steps 22 to 19 back and re-applying them, until it is killed. */
import { RollbackManager } from "earlybird/rollback";
import { changes } from "../../delivery/src/changes/index.ts";
import { createPool } from "../../ops/src/database/pool.ts";
import { createLogger } from "../../ops/src/lib/log.ts";

const pool = createPool(process.argv[2] as string);
const manager = new RollbackManager({ pool, changes, log: createLogger("silent") });
const asked = { requestedBy: "operator", origin: "test", reason: "practice", acknowledge: ["login broken"] };

console.log("ready");
for (;;) {
  await manager.rollbackSteps(22, 19, asked);
  await manager.reapplySteps(19, 22, asked);
}
