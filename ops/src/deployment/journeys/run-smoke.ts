import { defineFailure } from "../../core/failure.ts";
import { runVersion } from "../slots/index.ts";
import { type SmokeReport, smokeReportSchema } from "./report.ts";
import type { SmokeTarget } from "./target.ts";

export const smokeFailed = defineFailure({
  code: "EB_SMOKE_FAILED",
  status: 500,
  detail: "The smoke test of version {version} could not run: {reason}",
  remedy: 'Run "earlybird smoke" in the directory of that version, and correct what it reports.',
});

export interface SmokeOptions {
  /** The time that the data is of; default: now. */
  asOf?: Date;
  /** Default: two minutes. */
  limitMs?: number;
  signal?: AbortSignal | undefined;
}

/** The root of a version, and its name. */
export interface InstalledVersion {
  version: string;
  directory: string;
}

const usualLimitMs = 120_000;
/** `earlybird smoke` ends with it if a journey fails. */
const blocked = 4;

/**
 * Runs the smoke test of a version with its own `earlybird` in its own directory: each version brings its own journeys.
 *
 * @param env the environment of that program; `EARLYBIRD_DATA_DIR` is that of the slot
 * @throws Failure EB_SMOKE_FAILED if there is no report; a journey that fails is in the report
 */
export const runSmoke = async (
  artefact: InstalledVersion,
  target: SmokeTarget,
  env: NodeJS.ProcessEnv,
  { asOf, limitMs = usualLimitMs, signal }: SmokeOptions = {},
): Promise<SmokeReport> => {
  const { version, directory } = artefact;
  const place = "slot" in target ? ["--slot", target.slot] : ["--url", target.url];
  const time = asOf ? ["--as-of", asOf.toISOString()] : [];
  const args = ["smoke", ...place, ...time, "--json"];
  const { stdout, stderr, status } = await runVersion(directory, args, { env, limitMs, signal });
  if (status === 0 || status === blocked) {
    const report = smokeReportSchema.safeParse(asJson(stdout));
    if (report.success) return report.data;
  }
  const reason = status === null ? `no result within ${limitMs} ms` : lastLines(stderr || stdout);
  throw smokeFailed({ version, reason: reason || `exit status ${status}` });
};

const asJson = (given: string): unknown => {
  try {
    return JSON.parse(given);
  } catch {
    return undefined;
  }
};

const lastLines = (given: string): string => given.trim().split("\n").slice(-4).join(" ").slice(-600);
