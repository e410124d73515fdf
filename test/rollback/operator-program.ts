/** A process that goes on rolling steps 22 to 19 back and re-applying them, until it is killed. */
import { createLogger } from "earlybird";
import { createPool } from "earlybird/database";
import { RollbackManager } from "earlybird/rollback";
import { changes } from "../../delivery/src/changes/index.ts";

const pool = createPool(process.argv[2] as string);
const manager = new RollbackManager({ pool, changes, log: createLogger("silent") });
const asked = { requestedBy: "operator", origin: "test", reason: "practice", acknowledge: ["login broken"] };

console.log("ready");
for (;;) {
  await manager.rollbackSteps(22, 19, asked);
  await manager.reapplySteps(19, 22, asked);
}
