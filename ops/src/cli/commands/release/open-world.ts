import { systemClock } from "../../../core/clock.ts";
import { defineFailure } from "../../../core/failure.ts";
import { loadJourneys, loadRehearsal, loadReleases, type Slot } from "../../../deployment/index.ts";
import { releasePlanFrom } from "../../../settings/release-settings.ts";
import { backupsOf } from "../../backups-of.ts";
import { envFileOf } from "../../context.ts";
import { findRoot } from "../../service-file.ts";
import { observe } from "./observe.ts";
import { preflightOf } from "./preflight-of.ts";
import { trafficOf } from "./traffic-of.ts";
import { openValidation } from "./validation-of.ts";
import type { WorldRequest } from "./world-request.ts";

const backupDamaged = defineFailure({
  code: "EB_BACKUP_UNVERIFIED",
  status: 409,
  exitStatus: 4,
  detail: "Backup {id} cannot be restored.",
  remedy: 'See what "earlybird backup verify" finds, correct it, and plan another release.',
});

/** The world that a release of this service moves. */
export const openWorld = async (request: WorldRequest) => {
  const { release, settings, dataDir, session, log } = request;
  const releases = await loadReleases();
  const { runSmoke } = await loadJourneys();
  const environment = { dataDir, envFile: envFileOf(findRoot(process.cwd())) };
  const env = { ...process.env, ...releases.environmentOf(environment) };
  const traffic = trafficOf(settings, { dataDir, release: release.id, log });
  const backups = async () => backupsOf(await session.get());
  const smoke = (slot: Slot) =>
    runSmoke(slot === release.to.slot ? release.to.artefact : release.from.artefact, { slot }, env);
  const observed = observe(dataDir, release, { session, traffic });
  const gate = releases.judgeGate({
    release,
    directory: releases.releaseDirectory(dataDir, release.id),
    traffic,
    clock: systemClock,
    log,
    demands: releases.demandsOf(releasePlanFrom(settings)),
    observe: observed,
    onTick: request.onTick,
  });
  const validation = await openValidation(request, { traffic, observed, harm: gate.harm, smoke });

  const world = releases.releaseWorld({
    release,
    environment,
    traffic,
    smoke,
    steps: releases.releaseSteps(async () => (await session.get()).manager, release),
    preflight: preflightOf(request, { traffic, backups }),
    backup: async () => {
      const manager = await backups();
      const { id } = await manager.create({ requestedBy: release.requested_by });
      const { verdict } = await manager.verify(id);
      if (verdict === "failed") throw backupDamaged({ id });
      return { id, evidence: `backup ${id}, ${verdict === "ok" ? "restored and compared" : "not restored"}` };
    },
    rehearse: async (backupId, signal) => {
      const { readHotQueries, rehearse } = await loadRehearsal();
      const { database } = await session.get();
      return rehearse({
        release,
        backups: await backups(),
        backupId,
        env,
        clock: systemClock,
        signal,
        hotQueries: await readHotQueries(database.direct),
      });
    },
    judge: gate.judge,
    validate: validation.gate,
  });
  return {
    world,
    close: async () => {
      await gate.close();
      await validation.close();
    },
  };
};
