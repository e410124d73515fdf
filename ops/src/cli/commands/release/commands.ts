import { setTimeout as sleep } from "node:timers/promises";
import { Command } from "commander";
import { systemClock } from "../../../core/clock.ts";
import {
  type CommandName,
  commandRelease,
  isOver,
  type JournalEntry,
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
import { bold, dim, duration, print, printJson, printStatus, table } from "../../output.ts";

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
      const show = json ? (entry: JournalEntry) => print(JSON.stringify(entry)) : printEntry;
      const state = await follow(dataDir, release, show);
      if (state !== "completed") process.exitCode = state === "reverted" ? 1 : 4;
    });

/** Shows each entry of the journal, until the release waits for a person or is over. */
export const follow = async (dataDir: string, release: Release, show: (entry: JournalEntry) => void) => {
  for (let shown = 0; ; await sleep(200)) {
    const entries = await readJournal(journalFile(dataDir, release.id));
    for (const entry of entries.slice(shown)) show(entry);
    shown = entries.length;
    const { state } = reportOf(release, entries);
    const last = entries.at(-1);
    const waits = last?.type === "state" && last.state === "held" && !last.outage;
    if (isOver(state) || state === "stuck" || waits) return state;
  }
};

export const printEntry = (entry: JournalEntry): void => {
  const time = dim(entry.at.slice(11, 19));
  if (entry.type === "state")
    printStatus(`${time} ${bold(entry.state)}${entry.reason ? `: ${entry.reason}` : ""}`);
  else if (entry.type === "command") printStatus(`${time} ${entry.command} by ${entry.by}: ${entry.reason}`);
  else if (entry.type === "outcome")
    printStatus(
      `${time}   ${entry.direction === "undo" ? "take back " : ""}${entry.act}: ${entry.ok ? "" : "failed: "}${entry.evidence} ${dim(duration(entry.duration_ms))}`,
    );
};

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
      if (json) return printJson(sent);
      print(
        sent.conducted
          ? `Release ${sent.release} has the command. "earlybird release watch" shows what it does.`
          : `No conductor runs: "earlybird release resume" obeys the command.`,
      );
    });

export const addReleaseCommands = (release: Command): void => {
  for (const command of [statusCommand(), watchCommand(), ...sends.map(sendingCommand)])
    release.addCommand(command);
};
