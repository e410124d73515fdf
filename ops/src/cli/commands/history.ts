import { Command } from "commander";
import { positiveInteger } from "../arguments.ts";
import { withSession } from "../context.ts";
import { print, printJson, table } from "../output.ts";

export const historyCommand = () =>
  new Command("history")
    .description("list operations, newest first")
    .option("--limit <n>", "maximum number of results", positiveInteger, 50)
    .option("--json", "print one JSON document")
    .action(({ json, limit }: { json?: boolean; limit: number }) =>
      withSession(async ({ manager }) => {
        const operations = await manager.listOperations(limit);
        if (json) return printJson({ operations });
        const rows = operations.map(({ id, kind, steps, state, requested_by, started_at, reason }) => [
          id,
          kind,
          steps.join(","),
          state,
          requested_by,
          started_at,
          reason ?? "",
        ]);
        print(table(["id", "kind", "steps", "state", "by", "started", "reason"], rows));
      }),
    );
