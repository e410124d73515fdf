import { Command, Option } from "commander";
import { systemClock } from "../../core/clock.ts";
import { defineFailure } from "../../core/failure.ts";
import type { Direction, DryRun, OnConflict, RollbackManager, StepSelection } from "../../rollback/index.ts";
import { timeAhead } from "../arguments.ts";
import { operator, type Session, withSession } from "../context.ts";
import { done, nothingToDo, printProgress, printResult } from "../operation-output.ts";
import { bold, duration, print, printJson, printStatus, yellow } from "../output.ts";
import { canPrompt, promptText, requireConfirmation } from "../prompts.ts";
import { readSteps } from "../read-steps.ts";
import { planText, receiptText } from "../receipt-text.ts";
import {
  alertOnOverride,
  printApprovalRequest,
  type SecondPersonOptions,
  secondPersonOf,
  secondPersonOptions,
} from "../second-person.ts";

const notProven = defineFailure({
  code: "EB_BACKUP_NOT_PROVEN",
  status: 409,
  exitStatus: 4,
  detail: "Backup {id} is not proven, so that nothing was rolled back: {reason}",
  remedy: "Remove the cause, or roll back without --backup.",
});

interface MoveOptions extends SecondPersonOptions {
  dryRun?: boolean;
  execute?: boolean;
  measure?: boolean;
  reason?: string;
  acknowledge: string[];
  plan?: string;
  cascade?: boolean;
  onConflict?: OnConflict;
  until?: Date;
  backup?: boolean;
  json?: boolean;
  yes?: boolean;
}

const examples = {
  rollback: `
Examples:
  earlybird rollback 23 --dry-run                        what it would do, measured, and nothing changed
  earlybird rollback 23 --reason "bills are wrong" --acknowledge "revenue loss"
  earlybird rollback 25..20 --reason "bad release" --plan 9f2c4e7a1b3d5f60
  earlybird rollback 22 --reason "wrong totals" --until 09:00
  earlybird rollback 23 --approval 7                     as another person has approved it`,
  reapply: `
Examples:
  earlybird reapply 23 --dry-run
  earlybird reapply 20..25 --on-conflict restore         what was edited meanwhile gives way to what was parked`,
};

/** `rollback` and `reapply`: the same options, the same answers, opposite directions. */
export const moveCommand = (direction: Direction, description: string): Command => {
  const command = new Command(direction)
    .description(description)
    .argument("<steps>", "a step (23) or an inclusive range (20..25)")
    .option("--dry-run", "execute in a transaction, abort it and show the effects")
    .addOption(
      new Option(
        "--execute",
        "dry run that always executes, regardless of the number of rows, instead of estimating",
      ).implies({ dryRun: true }),
    )
    .addOption(
      new Option("--measure", "dry run that also measures frequent queries").implies({ dryRun: true }),
    )
    .option("--reason <text>", "reason, recorded in the ledger")
    .option("--acknowledge <phrase>", "acknowledgement phrase of a critical step (repeatable)", collect, [])
    .option("--plan <hash>", "run only if the dry run with this hash is still valid")
    .option(
      "--cascade",
      direction === "rollback" ? "also roll back dependent steps" : "also re-apply required steps",
    )
    .option("--json", "print one JSON document")
    .option("-y, --yes", "skip confirmation prompts")
    .addHelpText("after", examples[direction])
    .action((steps: string, options: MoveOptions) =>
      withSession(async (session) => {
        const { manager } = session;
        const selection = await readSteps(manager, direction, steps);
        if (options.dryRun)
          return showDryRun(direction, await manager.dryRun(direction, selection, options), options);
        const asks = canPrompt(options) && options.approval === undefined;
        const agreed = asks ? await askPerson(direction, manager, selection, options) : options;
        await move(direction, session, { selection, again: `${direction} ${steps}` }, agreed);
      }),
    );
  for (const option of secondPersonOptions()) command.addOption(option);
  if (direction === "rollback")
    return command
      .option("--backup", "make and verify a backup first; without it, nothing moves")
      .option(
        "--until <time>",
        "time by which to re-apply, such as 09:00 or 2026-01-31T09:00+05:30; sends reminders",
        (text) => timeAhead(text, systemClock.now()),
      );
  return command.addOption(
    new Option("--on-conflict <who>", "value to use if a value was edited in the meantime")
      .choices(["keep", "restore", "fail"])
      .default(
        "keep",
        "keep: the edited value; restore: the parked value; fail: neither, nothing is changed",
      ),
  );
};

const collect = (value: string, all: string[]) => [...all, value];

const showDryRun = (direction: Direction, plan: DryRun, { json }: MoveOptions): void => {
  if (json) printJson(plan);
  else if (plan.steps.length === 0) print(nothingToDo(direction));
  else {
    print(plan.steps.map(direction === "rollback" ? planText : receiptText).join("\n\n"));
    if (!plan.executed) {
      print(yellow("\nThis is an estimate; its plan covers the steps, but not the rows."));
    }
    const backup = backupText(plan);
    if (backup) print(`\n${backup}`);
    print(`\nNothing was changed. To run exactly this plan, add --plan ${bold(plan.plan.hash)}.`);
  }
  if (plan.steps.some(({ blocked_by }) => blocked_by.length > 0)) process.exitCode = 4;
};

/** How old the last proven backup is, before the rollback of a critical step. */
const backupText = ({ last_verified_backup: last }: DryRun): string | undefined => {
  if (last === undefined) return undefined;
  if (last === null) return yellow("There is no verified backup. --backup makes one first.");
  const age = duration(systemClock.now().getTime() - Date.parse(last.at));
  return `Last verified backup: ${age} ago (${last.id}). --backup makes a new one first.`;
};

const askPerson = async (
  direction: Direction,
  manager: RollbackManager,
  selection: StepSelection,
  options: MoveOptions,
): Promise<MoveOptions> => {
  const plan = await manager.dryRun(direction, selection, options);
  if (plan.steps.length === 0) return options;
  printStatus(plan.steps.map(direction === "rollback" ? planText : receiptText).join("\n\n"));
  const backup = backupText(plan);
  if (backup && !options.backup) printStatus(backup);
  const agreed = { ...options, acknowledge: [...options.acknowledge] };
  if (direction === "rollback") {
    const risky = plan.steps.some(({ risk }) => risk === "high" || risk === "critical");
    if (risky && !agreed.reason) agreed.reason = await promptText("Reason (recorded in the ledger)");
    for (const { step, acknowledge: phrase } of plan.steps) {
      if (!phrase || agreed.acknowledge.includes(phrase)) continue;
      agreed.acknowledge.push(await promptText(`Step ${step} is critical. Type "${phrase}" to continue.`));
    }
  }
  // An approval is of a plan: of the one that was just read.
  if (manager.approval !== "none") agreed.plan ??= plan.plan.hash;
  await requireConfirmation(`Move ${plan.steps.length} steps?`);
  return agreed;
};

/** @throws Failure EB_BACKUP_NOT_PROVEN, and what making a backup throws */
const backUpFirst = async (session: Session): Promise<void> => {
  const { backupsOf } = await import("../backups-of.ts");
  const backups = backupsOf(session);
  printStatus("Making and verifying a backup first");
  const { id } = await backups.create({ requestedBy: operator().requestedBy });
  const { verdict, checks } = await backups.verify(id);
  const fault = checks.find((check) => check.verdict !== "ok");
  if (verdict !== "ok") throw notProven({ id, reason: `${fault?.name}: ${fault?.detail}` });
  printStatus(`Backup ${id} was restored and compared`);
};

const move = async (
  direction: Direction,
  session: Session,
  { selection, again }: { selection: StepSelection; again: string },
  options: MoveOptions,
): Promise<void> => {
  const { reason, acknowledge, plan, cascade = false, onConflict = "keep", until, json = false } = options;
  if (options.backup) await backUpFirst(session);
  const result = await alertOnOverride(session, options.override, (manager) =>
    manager.run(direction, selection, {
      ...operator(),
      acknowledge,
      cascade,
      onConflict,
      ...(reason === undefined ? {} : { reason }),
      ...(plan === undefined ? {} : { plan }),
      ...(until === undefined ? {} : { until }),
      ...secondPersonOf(options),
      onProgress: printProgress(done[direction]),
    }),
  );
  if (result.approval) printApprovalRequest(result.approval, again, { json });
  else printResult(result, { json }, nothingToDo(direction));
};
