import type { Direction, OperationResult, ProgressListener } from "../rollback/index.ts";
import { bold, duration, number, print, printJson, printStatus } from "./output.ts";
import { receiptText } from "./receipt-text.ts";

export const done = { rollback: "rolled back", reapply: "re-applied" } as const;

export const nothingToDo = (direction: Direction) => `Nothing to do: already ${done[direction]}.`;

/** Says on stderr what is going on, as it happens. */
export const printProgress =
  (verb: string): ProgressListener =>
  (progress) => {
    if (progress.kind === "step") {
      const { step, index, of, duration_ms } = progress;
      return printStatus(`step ${step} ${verb} in ${duration(duration_ms)} (${index + 1} of ${of})`);
    }
    const { step, rows_done, rows_in_all, rows_per_second, seconds_left } = progress;
    const left = seconds_left === null ? "" : `, about ${duration(seconds_left * 1_000)} left`;
    printStatus(
      `step ${step}: ${number(rows_done)} of about ${number(rows_in_all)} rows, ${number(rows_per_second)} a second${left}`,
    );
  };

/**
 * Answers with what an operation did.
 *
 * @param idle what to say when there was nothing for it to do
 */
export const printResult = (result: OperationResult, { json }: { json?: boolean }, idle: string): void => {
  const { operation, steps, total_ms, ledger_head } = result;
  if (ledger_head) printStatus(`ledger entry ${ledger_head.seq}, head ${ledger_head.hash}`);
  if (json) printJson(result);
  else if (!operation) print(idle);
  else {
    if (steps.length > 0) print(`${steps.map(receiptText).join("\n\n")}\n`);
    print(`Operation ${bold(operation.id)} ${operation.state} in ${duration(total_ms)}.`);
  }
};
