import { confirm, isCancel, text } from "@clack/prompts";
import { Command } from "commander";
import { Failure } from "../lib/failure.ts";
import {
  type Direction,
  type DryRun,
  type ProgressListener,
  parseSteps,
  type RollbackManager,
  type StepSelection,
} from "../rollback/index.ts";
import { answer, answerJson, bold, duration, narrate, number } from "./output.ts";
import { receiptText } from "./receipt-text.ts";
import { operator, withSession } from "./session.ts";

interface MoveOptions {
  dryRun?: boolean;
  reason?: string;
  acknowledge: string[];
  plan?: string;
  cascade?: boolean;
  json?: boolean;
  yes?: boolean;
}

const notConfirmed = () =>
  new Failure(
    "EB_NOT_CONFIRMED",
    428,
    "Nothing was confirmed, so nothing was changed.",
    "Run it again and confirm, or add --yes.",
  ).exitingWith(6);

const done = { rollback: "rolled back", reapply: "re-applied" } as const;

/** `rollback` and `reapply`: the same options, the same answers, opposite directions. */
export const moveCommand = (direction: Direction, description: string): Command =>
  new Command(direction)
    .description(description)
    .argument("<steps>", "one step, as in 23, or a range, as in 20..25 (both ends included)")
    .option("--dry-run", "carry everything out in a transaction, abort it, and say what it did")
    .option("--reason <text>", "why; kept in the ledger")
    .option("--acknowledge <phrase>", "the phrase of a critical step (repeatable)", collect, [])
    .option("--plan <hash>", "refuse to run unless the dry run with this hash still holds")
    .option(
      "--cascade",
      direction === "rollback"
        ? "also roll back what depends on the steps"
        : "also re-apply what the steps need",
    )
    .option("--json", "answer with one JSON document")
    .option("-y, --yes", "ask nothing")
    .action((steps: string, options: MoveOptions) =>
      withSession(async ({ manager }) => {
        const selection = parseSteps(steps, manager.steps);
        if (options.dryRun)
          return showDryRun(direction, await manager.dryRun(direction, selection, options), options);
        const asking = process.stdin.isTTY && process.stderr.isTTY && !options.yes && !options.json;
        const agreed = asking ? await askPerson(direction, manager, selection, options) : options;
        await move(direction, manager, selection, agreed);
      }),
    );

const collect = (value: string, all: string[]) => [...all, value];

const showDryRun = (direction: Direction, plan: DryRun, { json }: MoveOptions): void => {
  if (json) answerJson(plan);
  else if (plan.steps.length === 0) answer(nothingToDo(direction));
  else {
    answer(plan.steps.map(receiptText).join("\n\n"));
    answer(
      `\nNothing was changed. The plan's hash is ${bold(plan.plan.hash)}: add --plan ${plan.plan.hash} to demand just this.`,
    );
  }
  if (plan.steps.some(({ blocked_by }) => blocked_by.length > 0)) process.exitCode = 4;
};

const nothingToDo = (direction: Direction) => `Nothing to do: already ${done[direction]}.`;

const askPerson = async (
  direction: Direction,
  manager: RollbackManager,
  selection: StepSelection,
  options: MoveOptions,
): Promise<MoveOptions> => {
  const plan = await manager.dryRun(direction, selection, options);
  if (plan.steps.length === 0) return options;
  narrate(plan.steps.map(receiptText).join("\n\n"));
  const agreed = { ...options, acknowledge: [...options.acknowledge], plan: options.plan ?? plan.plan.hash };
  if (direction === "rollback") {
    const risky = plan.steps.some(({ risk }) => risk === "high" || risk === "critical");
    if (risky && !agreed.reason) agreed.reason = await answerTo("Why? (kept in the ledger)");
    for (const { step, acknowledge: phrase } of plan.steps) {
      if (!phrase || agreed.acknowledge.includes(phrase)) continue;
      agreed.acknowledge.push(await answerTo(`Step ${step} is critical. Type "${phrase}" to go on.`));
    }
  }
  const go = await confirm({
    message: `Go on with ${plan.steps.length} steps?`,
    initialValue: false,
    output: process.stderr,
  });
  if (isCancel(go) || !go) throw notConfirmed();
  return agreed;
};

const answerTo = async (message: string): Promise<string> => {
  const given = await text({ message, output: process.stderr });
  if (isCancel(given) || !given) throw notConfirmed();
  return given;
};

const narrateProgress =
  (verb: string): ProgressListener =>
  (progress) => {
    if (progress.kind === "step") {
      const { step, index, of, duration_ms } = progress;
      return narrate(`step ${step} ${verb} in ${duration(duration_ms)} (${index + 1} of ${of})`);
    }
    const { step, rows_done, rows_in_all, rows_per_second, seconds_left } = progress;
    const left = seconds_left === null ? "" : `, about ${duration(seconds_left * 1_000)} left`;
    narrate(
      `step ${step}: ${number(rows_done)} of about ${number(rows_in_all)} rows, ${number(rows_per_second)} a second${left}`,
    );
  };

const move = async (
  direction: Direction,
  manager: RollbackManager,
  selection: StepSelection,
  { reason, acknowledge, plan, cascade = false, json }: MoveOptions,
): Promise<void> => {
  const result = await manager.run(direction, selection, {
    ...operator(),
    acknowledge,
    cascade,
    ...(reason === undefined ? {} : { reason }),
    ...(plan === undefined ? {} : { plan }),
    onProgress: narrateProgress(done[direction]),
  });
  const { operation, steps, total_ms, ledger_head } = result;
  if (ledger_head) narrate(`ledger entry ${ledger_head.seq}, head ${ledger_head.hash}`);
  if (json) return answerJson(result);
  if (!operation) return answer(nothingToDo(direction));
  answer(steps.map(receiptText).join("\n\n"));
  answer(`\nOperation ${bold(operation.id)} ${operation.state} in ${duration(total_ms)}.`);
};
