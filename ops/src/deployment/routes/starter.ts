import { z } from "zod";
import { defineFailure } from "../../core/failure.ts";
import type { PreflightReport } from "../preflight/run.ts";
import { type Strategy, strategySchema } from "../release/state.ts";

/** Which version to release. With neither, the version that is installed. */
interface NewVersion {
  /** The path of a packed version: a `.tgz` of `npm pack`. */
  artefact?: string | undefined;
  /** The root of a version that is installed already. */
  directory?: string | undefined;
}

/** A person's request for a preflight. `reason` is that of the waivers. */
export interface PreflightRequest extends NewVersion {
  /** Numbers of the checks to waive. */
  waive?: readonly number[] | undefined;
  reason?: string | undefined;
  by: string;
}

/** A person's request for a release. */
export interface StartRequest extends NewVersion {
  strategy?: Strategy | undefined;
  reason: string;
  waive?: readonly number[] | undefined;
  /** The phrases that confirm the risks of its steps. */
  acknowledge?: readonly string[] | undefined;
  by: string;
  /** Where the request came from, for the ledger. */
  origin: string;
}

export interface EmergencyRequest {
  reason: string;
  by: string;
  origin: string;
}

/** Starts releases. The command line supplies it: it knows the front, the slots and the programs of the versions. */
export interface ReleaseStarter {
  /** Plans a release and starts its conductor; resolves once both are on disk. */
  start(request: StartRequest): Promise<{ id: string }>;
  preflight(request: PreflightRequest): Promise<PreflightReport>;
  /** Begins to take the newest release back, in a process of its own. */
  emergency(request: EmergencyRequest): Promise<{ release: string }>;
}

const noStarter = defineFailure({
  code: "EB_RELEASE_NO_STARTER",
  status: 409,
  exitStatus: 4,
  detail: "This process cannot start a release: it was not started by earlybird start.",
  remedy:
    'Run the command on the host of the service instead: "earlybird release start" or "earlybird emergency".',
});

/** @throws Failure EB_RELEASE_NO_STARTER */
export const requireStarter = (starter: ReleaseStarter | undefined): ReleaseStarter => {
  if (!starter) throw noStarter();
  return starter;
};

const path = z.string().min(1).max(4_096);
const waive = z.array(z.int()).max(38).describe("Numbers of checks to waive; `reason` says why.");
const reason = z.string().trim().min(1).max(1_000);

const newVersion = {
  artefact: path.optional().describe("Path of a packed version on the host of the service."),
  directory: path.optional().describe("Path of a version that is installed already."),
};

export const startBody = z.strictObject({
  ...newVersion,
  strategy: strategySchema.optional().describe("Default: canary."),
  reason,
  waive: waive.optional(),
  acknowledge: z
    .array(z.string().max(200))
    .max(50)
    .optional()
    .describe("Phrases that confirm risks of its steps."),
});

export const preflightBody = z
  .strictObject({ ...newVersion, waive: waive.optional(), reason: reason.optional() })
  .nullish();

export const emergencyBody = z.strictObject({ reason });
