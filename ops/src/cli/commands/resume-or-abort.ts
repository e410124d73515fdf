import { Command, Option } from "commander";
import type { OnConflict } from "../../rollback/index.ts";
import { operator, withSession } from "../context.ts";
import { answerResult, narrateProgress } from "../operation-output.ts";
import { demandYes, mayAsk } from "../prompts.ts";

interface TakeUpOptions {
  reason?: string;
  onConflict: OnConflict;
  json?: boolean;
  yes?: boolean;
}

const question = {
  resume: "Go on where it stopped?",
  abort: "Take back what it has moved?",
} as const;

/** `resume` and `abort`: the same operation taken up, onwards or backwards. */
export const takeUpCommand = (goal: "resume" | "abort", description: string): Command =>
  new Command(goal)
    .description(description)
    .argument("[operation]", "its id, from history; the last one when left out")
    .option("--reason <text>", "why; kept in the ledger")
    .addOption(
      new Option("--on-conflict <who>", "who wins where a re-applied value was edited meanwhile")
        .choices(["keep", "restore", "fail"])
        .default("keep"),
    )
    .option("--json", "answer with one JSON document")
    .option("-y, --yes", "ask nothing")
    .action((id: string | undefined, options: TakeUpOptions) =>
      withSession(async ({ manager }) => {
        if (mayAsk(options)) await demandYes(question[goal]);
        const { reason, onConflict } = options;
        const result = await manager[goal](id, {
          ...operator(),
          onConflict,
          ...(reason === undefined ? {} : { reason }),
          onProgress: narrateProgress("moved"),
        });
        answerResult(result, options, "Nothing to do.");
      }),
    );
