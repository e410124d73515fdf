import { ActFailed, Acts } from "./acts.ts";
import { carryOut, type Findings } from "./carry-out.ts";
import type { RehearsalReport } from "./report.ts";
import { type RehearsalRequest, usualLimits } from "./request.ts";

/**
 * Carries a release out on a restored backup, and reverts it.
 *
 * The steps are applied to the copy, proven, and rolled back; then nothing that was there before may be missing or different.
 * Each version is tried on a copy of that copy, so that what it writes by itself is not taken for an effect of the steps.
 *
 * @returns a report, also if the release fails
 * @throws what `withCopy` throws if the backup cannot be restored; the reason of `signal`. In any case, nothing is left
 */
export const rehearse = async (request: RehearsalRequest): Promise<RehearsalReport> => {
  const { release, backups, backupId, clock, onProgress, signal } = request;
  const acts = new Acts({ clock, signal, onProgress });
  onProgress?.("restore");
  const startMs = clock.monotonicMs();
  return backups.withCopy(
    backupId,
    async (copy) => {
      const ms = Math.round(clock.monotonicMs() - startMs);
      acts.add({ name: "restore", ok: true, ms, evidence: `backup ${backupId}` });
      const findings: Findings = { smoke: [], checks: [], differences: [], revertMs: null };
      const limits = { ...usualLimits, ...request.limits };
      try {
        await carryOut({ request, limits, copy, acts, findings });
      } catch (error) {
        if (!(error instanceof ActFailed)) throw error;
      }
      const result = { acts: acts.list, ...findings };
      return {
        ok: acts.list.every(({ ok }) => ok),
        at: clock.now().toISOString(),
        release: release.id,
        backup: backupId,
        data_of: copy.at.toISOString(),
        acts: acts.list,
        differences: findings.differences,
        smoke: findings.smoke,
        checks: findings.checks,
        revert_ms: findings.revertMs,
        evidence: evidenceOf(request, result),
      };
    },
    { ...(signal && { signal }) },
  );
};

const evidenceOf = (
  { release, backupId }: RehearsalRequest,
  { acts, revertMs }: Pick<RehearsalReport, "acts"> & Findings,
): string => {
  const failed = acts.filter(({ ok }) => !ok);
  if (failed.length > 0) return `${failed.map(({ name, evidence }) => `${name}: ${evidence}`).join("; ")}.`;
  const steps = release.steps.before.length + release.steps.after.length;
  return `On backup ${backupId}, both versions work, and ${steps} steps were applied and rolled back without a difference; their rollbacks took ${revertMs} ms.`;
};
