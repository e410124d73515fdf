import { checks, type Finding, type PreflightContext } from "../../ops/src/deployment/preflight/index.ts";
import { readSettings } from "../../ops/src/settings/settings.ts";
import type { Shelf } from "./shelf.ts";

/** Settings as a production has them. */
export const productionSettings = {
  NODE_ENV: "production",
  DATABASE_URL: "postgres://shelf:open-sesame@localhost:5432/shelf",
  JWT_SECRET: "0f5b2c8d1e7a94b36c0d5e8f7a1b2c3d4e5f60718293a4b5",
};

/** A clock that stands still, for checks that compare times. */
export const noon = new Date("2026-03-10T12:00:00Z");
export const standing = { now: () => noon, monotonicMs: () => 0 };

/** Everything that checks can ask without a release, on the database of a test. */
export const preflightContext = (
  { db, manager }: Shelf,
  parts: Partial<PreflightContext> = {},
): PreflightContext => ({
  clock: { now: () => new Date(), monotonicMs: () => performance.now() },
  root: process.cwd(),
  dataDir: process.cwd(),
  settings: { read: readSettings(productionSettings, "") },
  database: { db },
  steps: manager,
  ...parts,
});

/** Runs one check. */
export const ask = (number: number, context: PreflightContext): Promise<Finding> => {
  const check = checks.find((each) => each.number === number);
  if (!check) throw new Error(`there is no check ${number}`);
  return check.run(context);
};
