import { Command, Option } from "commander";
import { systemClock } from "../../../core/clock.ts";
import { directoryDigest } from "../../../core/directory-digest.ts";
import { defineFailure } from "../../../core/failure.ts";
import {
  type Artefact,
  loadPreflight,
  loadReleases,
  otherSlot,
  type Release,
} from "../../../deployment/index.ts";
import type { Requester } from "../../../rollback/index.ts";
import { positiveInteger } from "../../arguments.ts";
import { operator, withSession } from "../../context.ts";
import { kyselyOn } from "../../kysely-on.ts";
import { bold, dim, print, printJson, printStatus } from "../../output.ts";
import { findRoot, loadService } from "../../service-file.ts";

const targetMissing = defineFailure({
  code: "EB_RELEASE_TARGET",
  status: 422,
  exitStatus: 2,
  detail: "The new version is missing.",
  remedy: "Add --to DIRECTORY, where it is installed, or --artefact FILE, which npm pack has written.",
});

const sameDirectory = defineFailure({
  code: "EB_RELEASE_SAME_DIRECTORY",
  status: 409,
  exitStatus: 4,
  detail: "{directory} holds the running version.",
  remedy: "Install the new version in another directory: a revert starts the old one again.",
});

const nothingRuns = defineFailure({
  code: "EB_FRONT_MISSING",
  status: 409,
  exitStatus: 4,
  detail: "No front runs with this data directory.",
  remedy: 'Start the service with "earlybird start".',
});

const reasonMissing = defineFailure({
  code: "EB_REASON_MISSING",
  status: 422,
  exitStatus: 6,
  detail: "A release needs a reason{of}.",
  remedy: "{remedy}",
});

export interface PlanRequest {
  to?: string;
  artefact?: string;
  lock?: string;
  strategy?: Release["strategy"];
  reason?: string;
  acknowledge?: string[];
  waive?: number[];
  waiveReason?: string;
}

const numbers = (text: string, earlier: number[] = []): number[] => [
  ...earlier,
  ...text.split(",").map(positiveInteger),
];
const texts = (text: string, earlier: string[] = []): string[] => [...earlier, text];

/** Adds the options of a plan to a command. */
export const withPlanOptions = (command: Command): Command =>
  command
    .option("--to <directory>", "the installed new version, with its earlybird.config.js")
    .option("--artefact <file>", "the packed new version, as npm pack writes it")
    .option("--lock <file>", "its lock file; default: package-lock.json beside the artefact")
    .addOption(
      new Option("--strategy <strategy>", "move clients in three phases, or all at once").choices([
        "canary",
        "blue-green",
      ]),
    )
    .option("--reason <text>", "why")
    .option(
      "--acknowledge <phrase>",
      "of a critical step, which a revert would roll back (repeatable)",
      texts,
    )
    .option("--waive <numbers>", "let these checks of the preflight pass (repeatable)", numbers)
    .option("--waive-reason <text>", "why they may pass");

/**
 * Plans a release of the running version to another one.
 *
 * @throws Failure EB_RELEASE_TARGET, EB_RELEASE_SAME_DIRECTORY, EB_FRONT_MISSING, EB_REASON_MISSING, EB_RELEASE_OPEN,
 *   EB_ACKNOWLEDGEMENT_MISSING, EB_ARTEFACT_UNUSABLE, EB_CONFIG_MISSING, EB_CONFIG_BROKEN
 */
export const plan = async (request: PlanRequest, by: Requester = operator()): Promise<Release> => {
  const { reason, acknowledge = [], waive = [], waiveReason = "", strategy = "canary" } = request;
  const { requestedBy: requested_by, origin } = by;
  if (!reason) throw reasonMissing({ of: "", remedy: "Add --reason TEXT." });
  if (waive.length > 0 && !waiveReason)
    throw reasonMissing({ of: " for its waivers", remedy: "Add --waive-reason TEXT." });
  const waivers = waive.map((check) => ({ check, by: requested_by, reason: waiveReason }));
  const { assertWaivers, checks } = await loadPreflight();
  assertWaivers(checks, waivers);
  return withSession(async ({ dataDir, service, database }) => {
    const releases = await loadReleases();
    const { slot, launch } = await releases.servingSlot(dataDir).then((found) => {
      if (!found) throw nothingRuns();
      return found;
    });
    const to = await targetOf(request, dataDir);
    const running = findRoot(launch.cwd);
    if (to.directory === running) throw sameDirectory({ directory: running });
    const current = running === findRoot(process.cwd()) ? service : await loadService(running);
    const target = await loadService(to.directory);
    return releases.planRelease(
      dataDir,
      {
        strategy,
        from: { slot, artefact: { version: current.version, directory: running, sha256: null } },
        to: { slot: otherSlot(slot), artefact: { ...to, version: target.version } },
        steps: await releases.planSteps(kyselyOn(database.direct), {
          running: current.changes,
          target: target.changes,
          acknowledge,
        }),
        acknowledge,
        waivers,
        requested_by,
        origin,
        reason,
      },
      systemClock,
    );
  });
};

const targetOf = async (
  { to, artefact, lock }: PlanRequest,
  dataDir: string,
): Promise<Omit<Artefact, "version">> => {
  if (to !== undefined) {
    const directory = findRoot(to);
    return { directory, sha256: await directoryDigest(directory) };
  }
  if (artefact === undefined) throw targetMissing();
  printStatus(dim("Installing the artefact"));
  return (await loadReleases()).unpackArtefact(dataDir, { file: artefact, lock });
};

export const planCommand = (): Command =>
  withPlanOptions(new Command("plan").description("plan a release; nothing is changed"))
    .option("--json", "print one JSON document")
    .action(async ({ json, ...request }: PlanRequest & { json?: boolean }) => {
      const release = await plan(request);
      if (json) printJson(release);
      else print(planText(release));
    });

export const planText = ({ id, from, to, strategy, steps }: Release): string => {
  const list = (name: string, of: readonly number[]) =>
    of.length > 0 ? `\nSteps ${name}: ${of.join(", ")}` : "";
  return `${bold(`Release ${id}`)}: ${from.artefact.version} (${from.slot}) to ${to.artefact.version} (${to.slot}), ${strategy}${list("before the switch", steps.before)}${list("after it", steps.after)}
The person on call: earlybird release ack ${id}
Start it:           earlybird release start ${id}`;
};
