import { spawn } from "node:child_process";
import { closeSync, mkdirSync, openSync } from "node:fs";
import { join } from "node:path";
import {
  loadPreflight,
  loadReleases,
  type PreflightRequest,
  type ReleaseStarter,
  readRelease,
  type StartRequest,
} from "../../../deployment/index.ts";
import type { Requester } from "../../../rollback/index.ts";
import { envFileOf } from "../../context.ts";
import { findRoot, loadService } from "../../service-file.ts";

// Commands are loaded when they are asked for, so that a start loads none of them.

/** Starts releases on behalf of the HTTP interface of this service. */
export const releaseStarter = (dataDir: string): ReleaseStarter => {
  const root = findRoot(process.cwd());
  const environment = { dataDir, envFile: envFileOf(root) };
  return {
    start: async ({ artefact, directory, waive = [], ...request }: StartRequest) => {
      const { plan } = await import("./plan.ts");
      const { spawnConductor } = await loadReleases();
      const { by, origin, reason, strategy, acknowledge = [] } = request;
      const release = await plan(
        {
          reason,
          acknowledge: [...acknowledge],
          waive: [...waive],
          waiveReason: reason,
          ...(strategy && { strategy }),
          ...(artefact !== undefined && { artefact }),
          ...(directory !== undefined && { to: directory }),
        },
        { requestedBy: by, origin },
      );
      const { systemClock } = await import("../../../core/clock.ts");
      await spawnConductor(release, environment, systemClock);
      return { id: release.id };
    },

    preflight: async ({ artefact, directory, waive = [], reason = "", by }: PreflightRequest) => {
      const { checks, runPreflight } = await loadPreflight();
      const { withPreflight } = await import("../preflight-context.ts");
      const target = directory === undefined ? root : findRoot(directory);
      const requester: Requester = { requestedBy: by, origin: "api" };
      return withPreflight(
        target,
        { service: await loadService(target), request: artefact === undefined ? {} : { artefact } },
        async ({ context, record }) => {
          const waivers = waive.map((check) => ({ check, by, reason }));
          const report = await runPreflight(context, { checks, waivers });
          await record?.(report, requester);
          return report;
        },
      );
    },

    /** In a process of its own: the one that serves the request may be what is taken back. */
    emergency: async ({ reason, by }) => {
      const { release } = await readRelease(dataDir);
      const { programOf } = await loadReleases();
      mkdirSync(join(dataDir, "releases"), { recursive: true, mode: 0o700 });
      const log = openSync(join(dataDir, "releases", "emergency.log"), "a", 0o600);
      const args = [programOf(root), "emergency", "--reason", reason, "--by", by];
      spawn(process.execPath, args, { cwd: root, detached: true, stdio: ["ignore", log, log] }).unref();
      closeSync(log);
      return { release: release.id };
    },
  };
};
