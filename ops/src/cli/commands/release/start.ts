import { Command } from "commander";
import { loadReleases, type Release } from "../../../deployment/index.ts";
import { readEnvironment } from "../../context.ts";
import { dim, print, printJson, printStatus } from "../../output.ts";
import { beginConducting } from "./begin-conducting.ts";
import { followToTheEnd } from "./follow.ts";
import { type PlanRequest, plan, planText, withPlanOptions } from "./plan.ts";

interface StartOptions extends PlanRequest {
  detach?: boolean;
  demo?: boolean;
  json?: boolean;
}

const help = `
Without an id, and with --to or --artefact, it plans the release first. It follows the release until it waits for a
person or is over; Ctrl-C ends the view alone, and the release goes on.

Exit status 1: the release was reverted. 4: the preflight is NO-GO, or the release is held or stuck. 6: nothing is NO-GO, but a
check is UNKNOWN, and nobody has waived it.`;

const begin = async (
  release: Release,
  { detach, json }: Pick<StartOptions, "detach" | "json">,
): Promise<void> => {
  await beginConducting(release);
  if (detach) {
    if (json) printJson({ release: release.id });
    else print(`Release ${release.id} goes on in the background: earlybird release watch ${release.id}`);
    return;
  }
  if (!json) printStatus(dim("Ctrl-C ends the view; the release goes on."));
  await followToTheEnd(release, json);
};

export const startCommand = (): Command =>
  withPlanOptions(
    new Command("start")
      .description("start a planned release, or plan one and start it")
      .argument("[release]", "its id; the newest one by default"),
  )
    .option("--demo", "show a good release and one whose fault is found, in some minutes, with traffic")
    .option("--detach", "return at once")
    .option("--json", "print each event as a line of JSON")
    .addHelpText("after", help)
    .action(async (id: string | undefined, { detach, demo, json, ...request }: StartOptions) => {
      if (demo) return (await import("./demo.ts")).runDemo();
      const isPlan = request.to !== undefined || request.artefact !== undefined;
      const release = isPlan ? await plan(request) : await planned(id);
      if (isPlan && !json) printStatus(planText(release).split("\nThe person")[0] ?? "");
      await begin(release, { ...(detach && { detach }), ...(json && { json }) });
    });

const planned = async (id: string | undefined): Promise<Release> => {
  const { dataDir } = await readEnvironment();
  const { readOpenRelease } = await loadReleases();
  return readOpenRelease(dataDir, id);
};

export const resumeCommand = (): Command =>
  new Command("resume")
    .description("continue a release whose conductor has ended, as after a crash")
    .argument("[release]", "its id; the newest one by default")
    .option("--detach", "return at once")
    .option("--json", "print each event as a line of JSON")
    .action(async (id: string | undefined, options: { detach?: boolean; json?: boolean }) =>
      begin(await planned(id), options),
    );
