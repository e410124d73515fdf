import type { Command } from "commander";
import { abortCommand } from "../../ops/src/cli/commands/abort.ts";
import { addAlertCommands } from "../../ops/src/cli/commands/alerts/commands.ts";
import { alertsCommand } from "../../ops/src/cli/commands/alerts/index.ts";
import { auditCommand } from "../../ops/src/cli/commands/audit.ts";
import { healthCommand } from "../../ops/src/cli/commands/health.ts";
import { historyCommand } from "../../ops/src/cli/commands/history.ts";
import { parkedCommand } from "../../ops/src/cli/commands/parked.ts";
import { proveCommand } from "../../ops/src/cli/commands/prove.ts";
import { reapplyCommand } from "../../ops/src/cli/commands/reapply.ts";
import { resumeCommand } from "../../ops/src/cli/commands/resume.ts";
import { rollbackCommand } from "../../ops/src/cli/commands/rollback.ts";
import { schemaCommand } from "../../ops/src/cli/commands/schema.ts";
import { showCommand } from "../../ops/src/cli/commands/show.ts";
import { statusCommand } from "../../ops/src/cli/commands/status.ts";
import { markdownTable } from "./marked-part.ts";

const aboutChanges = [
  schemaCommand(),
  statusCommand(),
  rollbackCommand(),
  reapplyCommand(),
  resumeCommand(),
  abortCommand(),
  historyCommand(),
  showCommand(),
  auditCommand(),
  proveCommand(),
  parkedCommand(),
];

/** A row for each command about reversible changes. */
export const rollbackCommandTable = (): string => commandTable(aboutChanges);

/** A row for each command about health and alerts. */
export const monitoringCommandTable = (): string =>
  commandTable([healthCommand(), ...addAlertCommands(alertsCommand()).commands]);

/** A row for each command and those below it, from what `--help` says. */
const commandTable = (commands: readonly Command[]): string => {
  const rows = commands
    .flatMap((command) => [command, ...command.commands])
    .map((command) => {
      const line = [
        command.parent?.name() ?? "",
        command.name(),
        ...command.registeredArguments.map((argument) =>
          argument.required ? `<${argument.name()}>` : `[${argument.name()}]`,
        ),
      ];
      const options = command.options
        .map(({ flags }) => `\`${flags}\``)
        .filter((flags) => !/--json|--yes/.test(flags));
      return [`\`${line.join(" ").trim()}\``, options.join(", "), command.description()];
    });
  return markdownTable(["earlybird ...", "options, in addition to --json", "description"], rows);
};
