import { Command, CommanderError } from "commander";
import { platformVersion } from "../core/platform-version.ts";
import { asFailure } from "./as-failure.ts";
import { abortCommand } from "./commands/abort.ts";
import { adminCommand } from "./commands/admin.ts";
import { alertsCommand } from "./commands/alerts/index.ts";
import { approvalsCommand, approveCommand, withdrawCommand } from "./commands/approvals.ts";
import { auditCommand } from "./commands/audit.ts";
import { backupCommand } from "./commands/backup/index.ts";
import { checkCommand } from "./commands/check.ts";
import { emergencyCommand } from "./commands/emergency.ts";
import { healthCommand } from "./commands/health.ts";
import { historyCommand } from "./commands/history.ts";
import { parkedCommand } from "./commands/parked.ts";
import { preflightCommand } from "./commands/preflight.ts";
import { proveCommand } from "./commands/prove.ts";
import { reapplyCommand } from "./commands/reapply.ts";
import { rehearseStepsCommand } from "./commands/rehearse-steps.ts";
import { releaseCommand } from "./commands/release/index.ts";
import { resumeCommand } from "./commands/resume.ts";
import { rollbackCommand } from "./commands/rollback.ts";
import { schemaCommand } from "./commands/schema.ts";
import { seedCommand } from "./commands/seed.ts";
import { showCommand } from "./commands/show.ts";
import { smokeCommand } from "./commands/smoke.ts";
import { startCommand } from "./commands/start.ts";
import { statusCommand } from "./commands/status.ts";
import { untilCommand } from "./commands/until.ts";
import { dim, printJson, printStatus, red } from "./output.ts";

const exitCodes = `
Exit codes:
  0  done
  1  failed
  2  wrong usage or configuration
  3  drift: the plan no longer holds
  4  blocked: a dependent step, an obstacle, a failed check
  5  another operation is running
  6  a reason, an acknowledgement, a confirmation or an approval is missing; a preflight is UNKNOWN`;

/** Runs the command line; sets the exit code rather than ending the process, so that output is flushed. */
export const main = async (argv: readonly string[]): Promise<void> => {
  const program = new Command("earlybird")
    .description("Watch a service, and undo its production changes without losing data.")
    .version(platformVersion, "-V, --version", "display the version")
    .configureHelp({ showGlobalOptions: true })
    .addHelpText("after", exitCodes)
    // Each level reads its own options only: "audit verify --json" asks verify for JSON.
    .enablePositionalOptions();
  const alerts = alertsCommand();
  // These commands import all modules of alerts and backups.
  if (argv.includes("alerts")) (await import("./commands/alerts/commands.ts")).addAlertCommands(alerts);
  const release = releaseCommand();
  if (argv.includes("release")) (await import("./commands/release/commands.ts")).addReleaseCommands(release);
  const backup = backupCommand();
  if (argv.includes("backup")) (await import("./commands/backup/commands.ts")).addBackupCommands(backup);
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
    release,
    preflightCommand(),
    emergencyCommand(),
    smokeCommand(),
    alerts,
    backup,
    adminCommand(),
    seedCommand(),
    schemaCommand(),
  ]) {
    program.addCommand(command);
  }
  program.addCommand(rehearseStepsCommand(), { hidden: true });
  reportErrors(program);
  try {
    await program.parseAsync(argv);
  } catch (error) {
    process.exitCode = await report(error, argv.includes("--json"));
  }
};

/** Makes a command, and those below it, throw instead of ending the process. */
const reportErrors = (command: Command): void => {
  command.exitOverride();
  for (const nested of command.commands) reportErrors(nested);
};

const usageError = 2;

const report = async (error: unknown, json: boolean): Promise<number> => {
  // Commander has already printed the error; help is not an error.
  if (error instanceof CommanderError) return error.exitCode === 0 ? 0 : usageError;
  const failure = await asFailure(error);
  if (json) printJson(failure.toProblem());
  printStatus(`${red(failure.detail)}\n${failure.remedy} ${dim(`[${failure.code}]`)}`);
  return failure.exitStatus;
};
