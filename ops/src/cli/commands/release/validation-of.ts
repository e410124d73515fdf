import { join } from "node:path";
import {
  channelsFrom,
  NotificationDispatcher,
  routerFromSettings,
  thresholdsFrom,
} from "../../../alerts/index.ts";
import { systemClock } from "../../../core/clock.ts";
import { processTimeZone } from "../../../core/local-time.ts";
import { createMonitoringPool } from "../../../database/monitoring-pool.ts";
import {
  allTo,
  type GateVerdict,
  type Look,
  loadReleases,
  loadValidation,
  type Observed,
  type Slot,
  type SmokeReport,
  type TrafficSwitch,
} from "../../../deployment/index.ts";
import { releasePlanFrom } from "../../../settings/release-settings.ts";
import { backupsOf } from "../../backups-of.ts";
import { findRoot, loadService } from "../../service-file.ts";
import type { WorldRequest } from "./world-request.ts";

const lookEveryMs = 5_000;

interface Seen {
  traffic: TrafficSwitch;
  observed: Observed;
  harm(): Promise<GateVerdict>;
  smoke(slot: Slot): Promise<SmokeReport>;
}

/** The validation of a release, with what its phases look at. */
export const openValidation = async (request: WorldRequest, seen: Seen) => {
  const { release, settings, dataDir, session } = request;
  const { traffic, observed, harm, smoke } = seen;
  const { databaseSources, validation, validationPhases } = await loadValidation();
  const { nextEpoch, releaseDirectory } = await loadReleases();
  const { slot, artefact } = release.to;
  const plan = releasePlanFrom(settings);

  const sources = async () => {
    const { database, manager } = await session.get();
    pool ??= createMonitoringPool(database.direct);
    const newSlot = { startedAfter: new Date(release.planned_at), version: artefact.version };
    return databaseSources({ pool, manager, clock: systemClock, newSlot });
  };
  let pool: ReturnType<typeof createMonitoringPool> | undefined;

  const phases = validationPhases(
    {
      timeZone: settings.BUSINESS_TIME_ZONE ?? processTimeZone(),
      validationMs: plan.validationMs,
      slotReady: () => observed.isReady(slot),
      smoke: async () => {
        const { ok: isOk, journeys } = await smoke(slot);
        const failed = journeys.filter(({ ok }) => !ok);
        const evidence = failed.map(({ name, evidence }) => `${name}: ${evidence}`).join("; ");
        return { ok: isOk, evidence: evidence || `${journeys.length} journeys succeed` };
      },
      stepFaults: () => observed.stepFaults(),
      lost: async () => (await traffic.lost?.(slot)) ?? null,
      harm,
      memory: async (since) => (await sources()).memory(since),
      p95: async (since) => (await sources()).p95(since),
      lastWeek: async (since) => (await sources()).lastWeek(since),
      drill: () => drill(request),
      // The console's figures are in the process of a slot: a person compares them.
      figures: async () => null,
      ledger: async () => (await sources()).ledger(),
      lastVerifiedBackup: async () => (await backupsOf(await session.get()).lastVerified())?.at ?? null,
      endPerformance: async () => {
        const { weights } = await traffic.read();
        if (weights[slot] !== allTo(slot)[slot]) await traffic.set(allTo(slot), await nextEpoch(dataDir));
        return `all clients use version ${artefact.version}`;
      },
    },
    systemClock,
  );
  const validate = validation({
    phases,
    file: join(releaseDirectory(dataDir, release.id), "validation.json"),
    clock: systemClock,
    everyMs: Math.min(lookEveryMs, (plan.validationMs[0] ?? lookEveryMs) / 3),
  });
  return {
    /** The triggers work in each phase, and more often than the validation looks. */
    gate: async (look: Look): Promise<GateVerdict> => {
      const trigger = await harm();
      return trigger.verdict === "revert" ? trigger : validate(look);
    },
    close: async () => pool?.end(),
  };
};

/** Each alert of the service, as its channels and routes are set up. */
const drill = async ({ release, settings, dataDir, log }: WorldRequest) => {
  const { drillAlerts } = await loadValidation();
  const channels = channelsFrom(settings);
  const dispatcher = new NotificationDispatcher({
    channels,
    spoolDir: join(dataDir, "alerts", "spool"),
    log,
  });
  const service = await loadService(findRoot(process.cwd()));
  const declarations = await service.monitoring?.();
  try {
    return await drillAlerts({
      dispatcher,
      thresholds: thresholdsFrom(settings),
      declared: declarations?.alerts ?? [],
      router: routerFromSettings(
        settings,
        channels.map(({ name }) => name),
      ),
      clock: systemClock,
      log,
      occasion: `release ${release.id}`,
    });
  } finally {
    await dispatcher.stop();
  }
};
