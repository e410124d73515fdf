import { sql } from "kysely";
import {
  type Observed,
  type Release,
  readLaunch,
  readProcess,
  requesterFor,
  type Slot,
  slots,
  type TrafficSwitch,
} from "../../../deployment/index.ts";
import type { LateSession } from "../../context.ts";
import { kyselyOn } from "../../kysely-on.ts";

const probeWithinMs = 3_000;
/** After the start of the service, both slots need some time. */
const startsWithinMs = 60_000;

/**
 * Tells when the process of a slot has ended by itself. If the whole service is stopped or starts, as with the machine, the
 * switch does not answer, and nothing is known about the version.
 */
const processWatch = (dataDir: string, traffic: TrafficSwitch): Observed["isUp"] => {
  const seen = new Map<Slot, number>();
  const missingSinceMs = new Map<Slot, number>();
  return async (slot) => {
    const pid = (await readProcess(dataDir, slot))?.owner.pid;
    const before = seen.get(slot);
    if (pid !== undefined && (before === undefined || before === pid)) {
      seen.set(slot, pid);
      missingSinceMs.delete(slot);
      return null;
    }
    const isServing = await traffic.read().then(
      () => true,
      () => false,
    );
    if (!isServing) {
      seen.clear();
      missingSinceMs.clear();
      return null;
    }
    if (before !== undefined) return `process ${before} is gone`;
    // A slot that is stopped on purpose has no program.
    if (!(await readLaunch(dataDir, slot))) return null;
    const sinceMs = missingSinceMs.get(slot) ?? performance.now();
    missingSinceMs.set(slot, sinceMs);
    return performance.now() - sinceMs > startsWithinMs ? "no process runs" : null;
  };
};

/** What a release sees of the slots, its steps and the alerts. */
export const observe = (
  dataDir: string,
  release: Release,
  { session, traffic }: { session: LateSession; traffic: TrafficSwitch },
): Observed => {
  const isUp = processWatch(dataDir, traffic);
  const ownSteps = new Set([...release.steps.before, ...release.steps.after]);
  return {
    isUp,
    isReady: async (slot) => {
      const requester = requesterFor({ slot }, dataDir);
      try {
        const { ok, body } = await requester.fetch("/readyz", {}, AbortSignal.timeout(probeWithinMs));
        await body?.cancel();
        return ok;
      } catch {
        return false;
      } finally {
        await requester.close();
      }
    },
    stepFaults: async () => {
      const { manager } = await session.get();
      const found = (await manager.verifySteps()).filter(({ step }) => ownSteps.has(step));
      return found.flatMap(({ step, checks }) =>
        checks.filter(({ ok }) => !ok).map(({ name, detail }) => ({ step, detail: `${name}: ${detail}` })),
      );
    },
    criticalAlerts: async () => {
      const { database } = await session.get();
      const { rows } = await sql<{ type: string; instance: string }>`
        select type, instance from earlybird.alert_history
        where state = 'firing' and severity = 'critical'`.execute(kyselyOn(database.direct));
      const pids = await Promise.all(
        slots.map(async (slot) => [slot, (await readProcess(dataDir, slot))?.owner.pid] as const),
      );
      const raisedIn = (type: string) =>
        pids
          .filter(([, pid]) =>
            rows.some((row) => row.type === type && row.instance.endsWith(`(process ${pid})`)),
          )
          .map(([slot]) => slot);
      return [...new Set(rows.map(({ type }) => type))].map((type) => ({ type, slots: raisedIn(type) }));
    },
  };
};
