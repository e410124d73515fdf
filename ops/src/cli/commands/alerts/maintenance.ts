import { Command, Option } from "commander";
import {
  describeSchedule,
  describeScope,
  type MuteTarget,
  maintenanceEvent,
  type PlannedWindow,
} from "../../../alerts/index.ts";
import { defineFailure } from "../../../core/failure.ts";
import { dim, print, printJson, table } from "../../output.ts";
import { type PlannedTime, plannedTime } from "../../planned-time.ts";
import { recordMute } from "./record-mute.ts";
import { author, muteTarget, withAlerts } from "./with-alerts.ts";

interface AddOptions {
  key?: string;
  route?: string;
  from?: PlannedTime;
  until?: PlannedTime;
  every?: string;
  zone?: string;
  reason?: string;
  json?: boolean;
}

const timesMissing = defineFailure({
  code: "EB_MAINTENANCE_TIME",
  status: 422,
  exitStatus: 2,
  detail: "The times of the maintenance window are missing.",
  remedy: "Give --from and --until, or --every.",
});

const help = `
Windows follow the clock of their time zone. Where clocks are set back, the repeated hour belongs to the window;
where they are set forward, the missing hour does not. An alert that still fires at the end is sent then.

Examples:
  earlybird alerts maintenance add ALL --from 2026-12-01T02:00 --until 2026-12-01T04:00 --reason "new server"
  earlybird alerts maintenance add DATABASE_SLOW --every "sun 02:00-04:00" --zone Europe/Berlin --reason backup`;

/** @throws Failure EB_MAINTENANCE_TIME, EB_TIME_ZONE */
const scheduleFrom = ({ from, until, every }: AddOptions, zone: string) => {
  if (every !== undefined) return { every, zone };
  if (!from || !until) throw timesMissing();
  return { from: from.first(zone), until: until.last(zone) };
};

const line = (window: PlannedWindow): string =>
  `${describeScope(window)}: ${describeSchedule(window.schedule)}`;

const addCommand = () =>
  new Command("add")
    .description("plan a mute, for one time or for every week")
    .addArgument(muteTarget())
    .option("--key <key>", "only alerts with this key")
    .option("--route <route>", 'only alerts about this route, such as "GET /api/orders"')
    .option("--from <time>", "start, such as 2026-12-01T02:00", plannedTime)
    .option("--until <time>", "end, at most 30 days later", plannedTime)
    .addOption(
      new Option(
        "--every <times>",
        'every week, such as "sun 02:00-04:00" or "mon-fri 22:00-06:00"',
      ).conflicts(["from", "until"]),
    )
    .option("--zone <zone>", "time zone; default: BUSINESS_TIME_ZONE, or that of this machine")
    .option("--reason <text>", "reason for the window; needed for a critical type and for ALL")
    .option("--json", "print one JSON document")
    .addHelpText("after", help)
    .action((type: MuteTarget, options: AddOptions) =>
      withAlerts(async (alerts, connection) => {
        const {
          key,
          route,
          reason,
          json,
          zone = connection.settings.BUSINESS_TIME_ZONE ?? Intl.DateTimeFormat().resolvedOptions().timeZone,
        } = options;
        const schedule = scheduleFrom(options, zone);
        const window = await alerts.addMaintenance({ type, key, route, reason, schedule, author: author() });
        await recordMute((by) => maintenanceEvent(window, by), connection);
        if (json) return printJson(window);
        print(`${line(window)}; next from ${window.from} until ${window.until}. ${dim(window.id)}`);
      }),
    );

const listCommand = () =>
  new Command("list")
    .description("list the maintenance windows, the next one first")
    .option("--json", "print one JSON document")
    .action(({ json }: { json?: boolean }) =>
      withAlerts(async (alerts) => {
        const windows = await alerts.maintenance();
        if (json) return printJson({ windows });
        if (windows.length === 0) return print("There are no maintenance windows.");
        const rows = windows.map((window) => [
          window.is_open ? "open" : "planned",
          window.from,
          window.until,
          describeScope(window),
          "every" in window.schedule ? describeSchedule(window.schedule) : "once",
          window.id,
          window.reason ?? "",
        ]);
        print(table(["state", "from", "until", "alerts", "schedule", "id", "reason"], rows));
      }),
    );

const removeCommand = () =>
  new Command("remove")
    .description("remove a maintenance window; if it is open, its mute ends")
    .argument("<id>", "id of the window, as list shows it")
    .option("--json", "print one JSON document")
    .action((id: string, { json }: { json?: boolean }) =>
      withAlerts(async (alerts) => {
        const window = await alerts.removeMaintenance({ id, author: author() });
        if (json) return printJson(window);
        print(`Removed: ${line(window)}.`);
      }),
    );

export const maintenanceCommand = () =>
  new Command("maintenance")
    .description("manage maintenance windows, which mute alerts at planned times")
    .enablePositionalOptions()
    .addCommand(addCommand())
    .addCommand(listCommand())
    .addCommand(removeCommand());
