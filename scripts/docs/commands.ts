import type { Command } from "commander";
import { abortCommand } from "../../ops/src/cli/commands/abort.ts";
import { adminCommand } from "../../ops/src/cli/commands/admin.ts";
import { addAlertCommands } from "../../ops/src/cli/commands/alerts/commands.ts";
import { alertsCommand } from "../../ops/src/cli/commands/alerts/index.ts";
import { approvalsCommand, approveCommand, withdrawCommand } from "../../ops/src/cli/commands/approvals.ts";
import { auditCommand } from "../../ops/src/cli/commands/audit.ts";
import { addBackupCommands } from "../../ops/src/cli/commands/backup/commands.ts";
import { backupCommand } from "../../ops/src/cli/commands/backup/index.ts";
import { checkCommand } from "../../ops/src/cli/commands/check.ts";
import { emergencyCommand } from "../../ops/src/cli/commands/emergency.ts";
import { healthCommand } from "../../ops/src/cli/commands/health.ts";
import { historyCommand } from "../../ops/src/cli/commands/history.ts";
import { parkedCommand } from "../../ops/src/cli/commands/parked.ts";
import { preflightCommand } from "../../ops/src/cli/commands/preflight.ts";
import { proveCommand } from "../../ops/src/cli/commands/prove.ts";
import { reapplyCommand } from "../../ops/src/cli/commands/reapply.ts";
import { addReleaseCommands } from "../../ops/src/cli/commands/release/commands.ts";
import { releaseCommand } from "../../ops/src/cli/commands/release/index.ts";
import { resumeCommand } from "../../ops/src/cli/commands/resume.ts";
import { rollbackCommand } from "../../ops/src/cli/commands/rollback.ts";
import { schemaCommand } from "../../ops/src/cli/commands/schema.ts";
import { seedCommand } from "../../ops/src/cli/commands/seed.ts";
import { showCommand } from "../../ops/src/cli/commands/show.ts";
import { smokeCommand } from "../../ops/src/cli/commands/smoke.ts";
import { startCommand } from "../../ops/src/cli/commands/start.ts";
import { statusCommand } from "../../ops/src/cli/commands/status.ts";
import { untilCommand } from "../../ops/src/cli/commands/until.ts";
import { markdownTable } from "./marked-part.ts";

const aboutService = [startCommand(), healthCommand(), schemaCommand(), seedCommand(), adminCommand()];

const aboutChanges = [
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
];

const aboutAlerts = addAlertCommands(alertsCommand());
const aboutBackups = addBackupCommands(backupCommand());
const release = releaseCommand();
addReleaseCommands(release);
const aboutReleases = [preflightCommand(), smokeCommand(), ...release.commands, emergencyCommand()].filter(
  (command) => command.name() !== "conduct",
);

/** Every command that people may run. */
export const allCommands: readonly Command[] = [
  ...aboutService,
  ...aboutChanges,
  aboutAlerts,
  aboutBackups,
  release,
  ...aboutReleases.filter(({ parent }) => parent === null),
];

/** A row for each command about releases. */
export const releaseCommandTable = (): string => commandTable(aboutReleases);

/** A row for each command about reversible changes. */
export const rollbackCommandTable = (): string => commandTable(aboutChanges);

/** A row for each command about the service. */
export const serviceCommandTable = (): string => commandTable(aboutService);

/** A row for each command about alerts. */
export const alertCommandTable = (): string => commandTable(aboutAlerts.commands);

/** A row for each command about backups. */
export const backupCommandTable = (): string => commandTable(aboutBackups.commands);

const withNested = (command: Command): Command[] => [command, ...command.commands.flatMap(withNested)];

const namesAbove = ({ parent }: Command): string[] => (parent ? [...namesAbove(parent), parent.name()] : []);

/** A row for each command and those below it, from what `--help` says. */
const commandTable = (commands: readonly Command[]): string => {
  const rows = commands.flatMap(withNested).map((command) => {
    const line = [
      ...namesAbove(command),
      command.name(),
      ...command.registeredArguments.map((argument) =>
        argument.required ? `<${argument.name()}>` : `[${argument.name()}]`,
      ),
    ];
    const options = command.options
      .filter(({ hidden }) => !hidden)
      .map(({ flags }) => `\`${flags}\``)
      .filter((flags) => !/--json|--yes/.test(flags));
    return [`\`${line.join(" ")}\``, options.join(", "), command.description()];
  });
  return markdownTable(["earlybird ...", "options, in addition to --json", "description"], rows);
};
