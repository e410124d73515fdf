import { Command } from "commander";
import { answer, answerJson, green, red } from "./output.ts";
import { withSession } from "./session.ts";

export const auditCommand = () =>
  new Command("audit").description("the ledger of who did what").addCommand(
    new Command("verify")
      .description(
        "recompute the ledger's chain of hashes; exit 1 if an entry was edited, removed or reordered",
      )
      .option("--head <hash>", "also demand the entry with this hash, as an earlier operation printed it")
      .option("--json", "answer with one JSON document")
      .action(({ json, head }: { json?: boolean; head?: string }) =>
        withSession(async ({ manager }) => {
          const result = await manager.verifyLedger(head);
          if (!result.ok) process.exitCode = 1;
          if (json) return answerJson(result);
          for (const fault of result.faults) answer(red(fault));
          if (result.ok)
            answer(green(`${result.entries} entries, an unbroken chain; head ${result.head.hash}`));
        }),
      ),
  );
