/**
 * A process that carries out one operation and is killed at its nth statement. Without such a number it
 * says, as JSON, which statements there were.
 *
 * Arguments: address, direction, from, to, n (0 for never), moment.
 */
import { RollbackManager } from "@earlybird-ops/platform/rollback";
import { changes } from "../../../delivery/src/changes/index.ts";
import { createLogger } from "../../../ops/src/core/logger.ts";
import { createPool } from "../../../ops/src/database/pool.ts";
import { asked } from "../asked.ts";
import { atStatement, type Moment } from "./statements.ts";

const [url = "", direction, from, to, n, moment] = process.argv.slice(2);
const manager = new RollbackManager({
  pool: createPool(url, { application_name: "operator" }),
  changes,
  log: createLogger("silent"),
});
const seen = atStatement(Number(n), moment as Moment, () => process.kill(process.pid, "SIGKILL"));
await (direction === "rollback"
  ? manager.rollbackSteps(Number(from), Number(to), asked)
  : manager.reapplySteps(Number(from), Number(to), asked));
process.stdout.write(JSON.stringify(seen), () => process.exit());
