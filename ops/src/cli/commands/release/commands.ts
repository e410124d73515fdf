import { Command } from "commander";
import { systemClock } from "../../../core/clock.ts";
import {
  type CommandName,
  commandRelease,
  journalFile,
  listReleases,
  type Release,
  type ReleaseReport,
  readJournal,
  readRelease,
  reportMarkdown,
  reportOf,
} from "../../../deployment/index.ts";
import { operator, readEnvironment } from "../../context.ts";
import { bold, dim, duration, print, printJson, table } from "../../output.ts";
import { beginConducting } from "./begin-conducting.ts";
import { conductCommand } from "./conduct.ts";
import { followToTheEnd } from "./follow.ts";
import { planCommand } from "./plan.ts";
import { resumeCommand, startCommand } from "./start.ts";

const reportFor = async (dataDir: string, release: Release): Promise<ReleaseReport> =>
  reportOf(release, await readJournal(journalFile(dataDir, release.id)));

const statusCommand = () =>
  new Command("status")
    .description("show a release, or list all of them")
    .argument("[release]", "its id")
    .option("--json", "print one JSON document")
    .option("--markdown", "print the report as Markdown")
    .action(async (id: string | undefined, { json, markdown }: { json?: boolean; markdown?: boolean }) => {
      const { dataDir } = await readEnvironment();
      if (id === undefined && !markdown) return listAll(dataDir, json);
      const { release } = await readRelease(dataDir, id);
      const report = await reportFor(dataDir, release);
      if (json) printJson(report);
      else print(markdown ? reportMarkdown(report) : reportText(report));
    });

const listAll = async (dataDir: string, json: boolean | undefined): Promise<void> => {
  const releases = await listReleases(dataDir);
  const reports = await Promise.all(releases.map((release) => reportFor(dataDir, release)));
  if (json) return printJson({ releases: reports.map(({ events: _, ...report }) => report) });
  if (reports.length === 0)
    return print('No release yet. "earlybird release plan --help" says how to begin.');
  const rows = reports.map(({ id, from, to, state, since, because }) => [
    id,
    `${from.artefact.version} to ${to.artefact.version}`,
    state,
    since,
    because ?? "",
  ]);
  print(table(["release", "versions", "state", "since (UTC)", "because"], rows));
};

const reportText = ({ id, state, because, from, to, acts }: ReleaseReport): string => {
  const rows = acts.map(({ act, state: reached, duration_ms, evidence }) => [
    act,
    reached,
    duration_ms === null ? "" : duration(duration_ms),
    evidence ?? "",
  ]);
  return [
    `${bold(`Release ${id}: ${state}`)}${because ? `, ${because}` : ""}`,
    `${from.artefact.version} (${from.slot}) to ${to.artefact.version} (${to.slot})`,
    "",
    acts.length > 0 ? table(["act", "state", "time", "evidence"], rows) : dim("nothing was done yet"),
  ].join("\n");
};

const watchCommand = () =>
  new Command("watch")
    .description("follow a release until it is completed, reverted, stuck or held; Ctrl-C stops nothing")
    .argument("[release]", "its id")
    .option("--json", "print each event as a line of JSON")
    .action(async (id: string | undefined, { json }: { json?: boolean }) => {
      const { dataDir } = await readEnvironment();
      const { release } = await readRelease(dataDir, id);
      await followToTheEnd(release, json);
    });

/** Without a conductor, these start one. */
const moves: ReadonlySet<CommandName> = new Set(["revert", "advance", "accept"]);

const sends: [CommandName, string][] = [
  ["hold", "stop before the next state; triggers that revert go on"],
  ["advance", "continue a release that is held"],
  ["revert", "take everything back, in reverse order, also after the release is completed"],
  ["accept", "accept what the release does, in the validation"],
  ["ack", "say that you are on call for this release"],
];

const sendingCommand = ([command, description]: [CommandName, string]) =>
  new Command(command)
    .description(description)
    .argument("[release]", "its id; the newest one by default")
    .option("--reason <text>", "why")
    .option("--json", "print one JSON document")
    .action(async (id: string | undefined, { reason, json }: { reason?: string; json?: boolean }) => {
      const { dataDir } = await readEnvironment();
      const { requestedBy: by } = operator();
      const sent = await commandRelease(dataDir, { id, command, by, reason }, systemClock);
      if (!sent.conducted && moves.has(command))
        await beginConducting((await readRelease(dataDir, sent.release)).release);
      if (json) return printJson(sent);
      print(`Release ${sent.release} has the command. "earlybird release watch" shows what it does.`);
    });

export const addReleaseCommands = (release: Command): void => {
  for (const command of [
    planCommand(),
    startCommand(),
    statusCommand(),
    watchCommand(),
    ...sends.map(sendingCommand),
    resumeCommand(),
  ])
    release.addCommand(command);
  release.addCommand(conductCommand(), { hidden: true });
};
