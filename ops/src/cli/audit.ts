import { Command } from "commander";
import { positiveInteger } from "./arguments.ts";
import { answer, answerJson, green, red, table } from "./output.ts";
import { withSession } from "./session.ts";

const verifyCommand = () =>
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
    );

export const auditCommand = () =>
  new Command("audit")
    .description("the ledger of who did what, newest first")
    // Options after "verify" are verify's own.
    .enablePositionalOptions()
    .option("--limit <n>", "how many entries at most", positiveInteger, 50)
    .option("--json", "answer with one JSON document")
    .action(({ json, limit }: { json?: boolean; limit: number }) =>
      withSession(async ({ manager }) => {
        const entries = await manager.readLedger({ limit });
        if (json) return answerJson({ entries });
        const rows = entries.map(({ seq, at, action, steps, operator, origin, reason }) => [
          String(seq),
          at,
          action,
          steps.join(","),
          operator,
          origin,
          reason ?? "",
        ]);
        answer(table(["entry", "at", "action", "steps", "by", "from", "reason"], rows));
      }),
    )
    .addCommand(verifyCommand());
