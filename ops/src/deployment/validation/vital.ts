import { messageOf } from "../../core/message-of.ts";
import { type CheckResult, fail, success, unknown, type ValidationCheck } from "./check.ts";
import type { ValidationContext } from "./context.ts";

/** So many looks in a row have to find the slot unready: a single one may be chance. */
const patience = 3;

type Vital = Pick<ValidationContext, "slotReady" | "stepFaults">;

/** What has to hold in every phase: the slot is ready, and the checks of the steps hold. */
export const vitalChecks = (context: Vital): ValidationCheck[] => {
  let misses = 0;
  return [
    {
      name: "health",
      run: async () => {
        misses = (await context.slotReady()) ? 0 : misses + 1;
        if (misses === 0) return success("The slot is ready.");
        const evidence = `The slot was not ready at ${misses} looks in a row.`;
        return misses < patience ? unknown(evidence) : blame(context, evidence);
      },
    },
    {
      name: "steps",
      run: async () => {
        const faults = await context.stepFaults();
        const [first] = faults;
        if (!first) return success("The checks of the release's steps hold.");
        return fail(
          `step ${first.step}: ${first.detail}${faults.length > 1 ? ` (1 of ${faults.length})` : ""}`,
        );
      },
    },
  ];
};

/** A fault of the release, unless the database is away: that makes every version fail. */
export const blame = async (
  { stepFaults }: Pick<Vital, "stepFaults">,
  evidence: string,
): Promise<CheckResult> => {
  try {
    await stepFaults();
    return fail(evidence);
  } catch (error) {
    return unknown(`${evidence} The database cannot be read either: ${messageOf(error)}`);
  }
};
