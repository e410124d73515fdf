import type { Logger } from "../../../core/logger.ts";
import {
  FrontSwitch,
  loadPreflight,
  loadReleases,
  type PreflightContext,
  type PreflightReport,
  type Release,
  readRelease,
} from "../../../deployment/index.ts";
import type { Settings } from "../../../settings/settings.ts";
import { backupsOf } from "../../backups-of.ts";
import { envFileOf, type LateSession } from "../../context.ts";
import { findRoot, loadService } from "../../service-file.ts";
import { withPreflight } from "../preflight-context.ts";

interface WorldRequest {
  release: Release;
  settings: Settings;
  dataDir: string;
  session: LateSession;
  log: Logger;
  signal: AbortSignal;
}

/** The world that a release of this service moves. */
export const openWorld = async ({ release, dataDir, session }: WorldRequest) => {
  const { checksOfCopy, releaseSteps, releaseWorld } = await loadReleases();
  const environment = { dataDir, envFile: envFileOf(findRoot(process.cwd())) };
  const traffic = new FrontSwitch(dataDir, release.id);
  const backups = async () => backupsOf(await session.get());

  const preflight = async (only: readonly number[] | undefined): Promise<PreflightReport> => {
    const { checks, runPreflight } = await loadPreflight();
    const root = findRoot(release.to.artefact.directory);
    const { file, directory, sha256 } = release.to.artefact;
    const known: Partial<PreflightContext> = {
      ...(sha256 !== null && { artefact: file === undefined ? { directory, sha256 } : { file, sha256 } }),
      switch: traffic,
      backups: {
        lastVerified: async () => {
          const last = await (await backups()).lastVerified();
          return last ? { id: last.id, verifiedAt: last.at } : null;
        },
      },
      onCall: {
        acknowledged: async () => {
          const { progress } = await readRelease(dataDir, release.id);
          const ack = progress.commands.findLast(({ command }) => command === "ack");
          return ack ? { by: ack.by, at: new Date(ack.at) } : null;
        },
      },
    };
    return withPreflight(
      root,
      { service: await loadService(root), request: { release: known } },
      async ({ context, record }) => {
        const numbers = checks.map(({ number }) => number);
        const early = numbers.filter((number) => !checksOfCopy.some((late) => late === number));
        const report = await runPreflight(context, {
          checks,
          only: only ?? early,
          waivers: release.waivers,
        });
        await record?.(report, { requestedBy: release.requested_by, origin: release.origin });
        return report;
      },
    );
  };

  const world = releaseWorld({
    release,
    environment,
    traffic,
    steps: releaseSteps(async () => (await session.get()).manager, release),
    preflight,
    backup: async () => {
      const manager = await backups();
      const { id } = await manager.create({ requestedBy: release.requested_by });
      const { verdict } = await manager.verify(id);
      if (verdict === "failed") throw new Error(`backup ${id} cannot be restored`);
      return { id, evidence: `backup ${id}, ${verdict === "ok" ? "restored and compared" : "not restored"}` };
    },
    rehearse: async () => ({ ok: true, evidence: "" }),
    smoke: async () => ({ ok: true, journeys: [] }),
    judge: async () => ({ verdict: "pass" }),
    validate: async () => ({ verdict: "pass" }),
  });
  return { world, close: async () => undefined };
};
