import type { BackupManager } from "../../../backups/index.ts";
import {
  loadPreflight,
  loadReleases,
  type PreflightContext,
  type PreflightReport,
  type Release,
  readRelease,
  type TrafficSwitch,
} from "../../../deployment/index.ts";
import { findRoot, loadService } from "../../service-file.ts";
import { withPreflight } from "../preflight-context.ts";

interface Known {
  traffic: TrafficSwitch;
  backups: () => Promise<BackupManager>;
}

/** The preflight of a release, which knows its artefact, the switch, its backup, its rehearsal and who is on call. */
export const preflightOf =
  ({ release, dataDir }: { release: Release; dataDir: string }, known: Known) =>
  async (only: readonly number[] | undefined): Promise<PreflightReport> => {
    const { checks, openapiOf, runPreflight } = await loadPreflight();
    const { checksOfCopy, checksOfGreen, readRehearsal } = await loadReleases();
    const { from, to } = release;
    const root = findRoot(to.artefact.directory);
    const late = [...checksOfCopy, ...checksOfGreen];
    const early = checks.map(({ number }) => number).filter((number) => !late.includes(number));
    const rehearsal = await readRehearsal(dataDir, release.id);
    const context: Partial<PreflightContext> = {
      ...(await releaseContext(release, dataDir, known)),
      openapi: {
        blue: () => openapiOf(from.artefact, { dataDir, slot: from.slot }),
        green: () => openapiOf(to.artefact, { dataDir, slot: to.slot }),
      },
      rehearsal: {
        latest: async () =>
          rehearsal ? { at: new Date(rehearsal.at), ok: rehearsal.ok, detail: rehearsal.evidence } : null,
      },
    };
    const service = await loadService(root);
    return withPreflight(
      root,
      { service, request: { release: context, releaseId: release.id, testChannels: true } },
      async (open) => {
        const report = await runPreflight(open.context, {
          checks,
          only: only ?? early,
          waivers: release.waivers,
          // They were made on the copy, which is gone.
          known: rehearsal?.checks ?? [],
        });
        await open.record?.(report, { requestedBy: release.requested_by, origin: release.origin });
        return report;
      },
    );
  };

const releaseContext = async (
  { id, to: { artefact } }: Release,
  dataDir: string,
  { traffic, backups }: Known,
): Promise<Partial<PreflightContext>> => {
  const { file, directory, sha256 } = artefact;
  return {
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
        const { progress } = await readRelease(dataDir, id);
        const ack = progress.commands.findLast(({ command }) => command === "ack");
        return ack ? { by: ack.by, at: new Date(ack.at) } : null;
      },
    },
  };
};
