import { Command, Option } from "commander";
import type { OnConflict } from "../../rollback/index.ts";
import { operator, withSession } from "../context.ts";
import { printProgress, printResult } from "../operation-output.ts";
import { canPrompt, requireConfirmation } from "../prompts.ts";

interface TakeUpOptions {
  reason?: string;
  onConflict: OnConflict;
  json?: boolean;
  yes?: boolean;
}

const question = {
  resume: "Continue the operation?",
  abort: "Revert the operation?",
} as const;

/** `resume` and `abort`: the same operation taken up, onwards or backwards. */
export const resumeOrAbortCommand = (goal: "resume" | "abort", description: string): Command =>
  new Command(goal)
    .description(description)
    .argument("[operation]", "operation id, see earlybird history; default: the last one")
    .option("--reason <text>", "reason, recorded in the ledger")
    .addOption(
      new Option("--on-conflict <who>", "value to use if a re-applied value was edited in the meantime")
        .choices(["keep", "restore", "fail"])
        .default("keep"),
    )
    .option("--json", "print one JSON document")
    .option("-y, --yes", "skip confirmation prompts")
    .action((id: string | undefined, options: TakeUpOptions) =>
      withSession(async ({ manager }) => {
        if (canPrompt(options)) await requireConfirmation(question[goal]);
        const { reason, onConflict } = options;
        const result = await manager[goal](id, {
          ...operator(),
          onConflict,
          ...(reason === undefined ? {} : { reason }),
          onProgress: printProgress("moved"),
        });
        printResult(result, options, "Nothing to do.");
      }),
    );
