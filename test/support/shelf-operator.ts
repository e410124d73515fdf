/** A process that rolls the shelf's steps 3 to 1 back, waiting a minute for each lock. */
import { createLogger } from "@earlybird-ops/platform";
import { createPool } from "@earlybird-ops/platform/database";
import { RollbackManager } from "@earlybird-ops/platform/rollback";
import { shelfChanges } from "./shelf-changes.ts";

const pool = createPool(process.argv[2] as string);
const log = createLogger("silent");
const patience = { attemptMs: 100, limitMs: 60_000 };
const manager = new RollbackManager({ pool, changes: shelfChanges, log, patience });
await manager.rollbackSteps(3, 1, {
  requestedBy: "grace",
  origin: "test",
  reason: "practice",
  acknowledge: ["no rules"],
});
await pool.end();
