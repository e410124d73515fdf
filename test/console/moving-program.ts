/** An operator who rolls the steps of a range back, until the process is killed. Arguments: address, from, to. */
import { RollbackManager } from "@earlybird-ops/platform/rollback";
import { changes } from "../../delivery/src/changes/index.ts";
import { createLogger } from "../../ops/src/core/logger.ts";
import { createPool } from "../../ops/src/database/pool.ts";
import { asked } from "../rollback/asked.ts";

const [url = "", from, to] = process.argv.slice(2);
const manager = new RollbackManager({ pool: createPool(url), changes, log: createLogger("silent") });
await manager.rollbackSteps(Number(from), Number(to), { ...asked, requestedBy: "Ravi (usr_ravi)" });
