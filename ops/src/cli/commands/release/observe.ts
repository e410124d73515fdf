import { sql } from "kysely";
import {
  type Observed,
  type Release,
  readLaunch,
  readProcess,
  requesterFor,
  type Slot,
  slots,
} from "../../../deployment/index.ts";
import type { LateSession } from "../../context.ts";
import { kyselyOn } from "../../kysely-on.ts";

const probeWithinMs = 3_000;

/** What a release sees of the slots, its steps and the alerts. */
export const observe = (dataDir: string, release: Release, session: LateSession): Observed => {
  /** When a process was seen last, and which: another one means that it has ended in between. */
  const seen = new Map<Slot, number>();
  const ownSteps = new Set([...release.steps.before, ...release.steps.after]);
  return {
    isUp: async (slot) => {
      const pid = (await readProcess(dataDir, slot))?.owner.pid;
      const before = seen.get(slot);
      if (pid !== undefined) seen.set(slot, pid);
      if (before !== undefined && pid !== before) return `process ${before} is gone`;
      // A slot that is stopped on purpose has no program.
      return pid === undefined && (await readLaunch(dataDir, slot)) ? "no process runs" : null;
    },
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
