import { Command, CommanderError } from "commander";
import { abortCommand } from "./abort.ts";
import { adminCommand } from "./admin.ts";
import { alertsCommand } from "./alerts/index.ts";
import { approvalsCommand, approveCommand, withdrawCommand } from "./approvals.ts";
import { asFailure } from "./as-failure.ts";
import { auditCommand } from "./audit.ts";
import { checkCommand } from "./check.ts";
import { healthCommand } from "./health.ts";
import { historyCommand } from "./history.ts";
import { answerJson, dim, narrate, red } from "./output.ts";
import { parkedCommand } from "./parked.ts";
import { proveCommand } from "./prove.ts";
import { reapplyCommand } from "./reapply.ts";
import { resumeCommand } from "./resume.ts";
import { rollbackCommand } from "./rollback.ts";
import { schemaCommand } from "./schema.ts";
import { seedCommand } from "./seed.ts";
import { showCommand } from "./show.ts";
import { startCommand } from "./start.ts";
import { statusCommand } from "./status.ts";
import { untilCommand } from "./until.ts";

const exitCodes = `
Exit codes:
  0  done
  1  failed
  2  wrong usage or configuration
  3  drift: the plan no longer holds
  4  blocked: a dependent step, an obstacle, a failed check
  5  another operation is running
  6  a reason, an acknowledgement, a confirmation or an approval is missing`;

/** Runs the command line; sets the exit code rather than ending the process, so that output is flushed. */
export const main = async (argv: readonly string[]): Promise<void> => {
  const program = new Command("earlybird")
    .description("Watch a service, and undo its production changes without losing data.")
    .configureHelp({ showGlobalOptions: true })
    .addHelpText("after", exitCodes)
    // Each level reads its own options only: "audit verify --json" asks verify for JSON.
    .enablePositionalOptions()
    .exitOverride();
  const alerts = alertsCommand();
  // They load all that there is about alerts.
  if (argv.includes("alerts")) (await import("./alerts/commands.ts")).addAlertCommands(alerts);
  for (const command of [
    startCommand(),
    healthCommand(),
    statusCommand(),
    checkCommand(),
    rollbackCommand(),
    reapplyCommand(),
    resumeCommand(),
    abortCommand(),
    approvalsCommand(),
    approveCommand(),
    withdrawCommand(),
    untilCommand(),
    historyCommand(),
    showCommand(),
    auditCommand(),
    proveCommand(),
    parkedCommand(),
    alerts,
    adminCommand(),
    seedCommand(),
    schemaCommand(),
  ]) {
    program.addCommand(command);
  }
  for (const command of program.commands) {
    command.exitOverride();
    for (const nested of command.commands) nested.exitOverride();
  }
  try {
    await program.parseAsync(argv);
  } catch (error) {
    process.exitCode = await report(error, argv.includes("--json"));
  }
};

const usageError = 2;

const report = async (error: unknown, json: boolean): Promise<number> => {
  // Commander has already said what is wrong; asking for help is no error.
  if (error instanceof CommanderError) return error.exitCode === 0 ? 0 : usageError;
  const failure = await asFailure(error);
  if (json) answerJson(failure.toProblem());
  narrate(`${red(failure.detail)}\n${failure.remedy} ${dim(`[${failure.code}]`)}`);
  return failure.exitStatus;
};
