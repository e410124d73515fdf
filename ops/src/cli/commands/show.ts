import { Command } from "commander";
import { withSession } from "../context.ts";
import { bold, print, printJson, table } from "../output.ts";
import { receiptText } from "../receipt-text.ts";

export const showCommand = () =>
  new Command("show")
    .description("show an operation: operator, reason, result and the edited values it kept")
    .argument("<operation>", "operation id, see earlybird history")
    .option("--json", "print one JSON document")
    .action((id: string, { json }: { json?: boolean }) =>
      withSession(async ({ manager }) => {
        const details = await manager.getOperationDetails(id);
        if (json) return printJson(details);
        const { kind, steps, state, requested_by, origin, reason, started_at, finished_at, failure } =
          details;
        print(bold(`Operation ${id}: ${kind} of ${steps.join(", ")}, ${state}`));
        print(`by ${requested_by} (${origin}), ${started_at} to ${finished_at ?? "now"}`);
        if (reason) print(`because: ${reason}`);
        if (failure) print(`failed: ${failure.detail}`);
        if (details.receipts.length > 0) print(`\n${details.receipts.map(receiptText).join("\n\n")}`);
        if (details.kept_values.length === 0) return;
        const rows = details.kept_values.map(({ step, table: name, key, outcome, written, parked }) => [
          String(step),
          name,
          key,
          outcome,
          JSON.stringify(written),
          JSON.stringify(parked),
        ]);
        print(`\n${table(["step", "table", "row", "outcome", "was written", "was parked"], rows)}`);
      }),
    );
