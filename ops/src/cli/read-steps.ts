import { Failure } from "../core/failure.ts";
import type { RollbackManager, StepSelection } from "../rollback/index.ts";
import { operator } from "./context.ts";

/**
 * Reads the steps that a command is given. What cannot be read goes into the ledger as a refused attempt,
 * like everything that the engine refuses.
 *
 * @throws Failure EB_RANGE_MALFORMED, EB_STEP_UNKNOWN
 */
export const readSteps = async (
  manager: RollbackManager,
  action: string,
  text: string,
): Promise<StepSelection> => {
  const { parseSteps } = await import("../rollback/index.ts");
  try {
    return parseSteps(text, manager.steps);
  } catch (error) {
    // Why the ledger cannot be written matters less here than what was wrong with the command.
    if (error instanceof Failure)
      await manager.recordRefusal(action, [], operator(), error).catch(() => undefined);
    throw error;
  }
};
