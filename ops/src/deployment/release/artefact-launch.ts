import type { Launch } from "../slots/index.ts";
import { programOf } from "../slots/program-of.ts";
import type { Artefact } from "./release.ts";

/** What a release hands to the processes of a version. */
export interface ArtefactEnvironment {
  dataDir: string;
  /** The file `.env` of the project that is released: an artefact holds no settings. */
  envFile: string;
}

/** The variables that make a version in another directory use the settings and data of the project. */
export const environmentOf = ({ dataDir, envFile }: ArtefactEnvironment): Record<string, string> => ({
  EARLYBIRD_DATA_DIR: dataDir,
  EARLYBIRD_ENV_FILE: envFile,
});

/** A command of a version's own `earlybird`. */
export const commandOf = (
  { directory }: Artefact,
  args: readonly string[],
  environment: ArtefactEnvironment,
): Launch => ({
  command: process.execPath,
  args: [programOf(directory), ...args],
  cwd: directory,
  env: environmentOf(environment),
});

/** Starts a version in a slot. It applies no steps: the release does. */
export const launchOf = (artefact: Artefact, environment: ArtefactEnvironment): Launch =>
  commandOf(artefact, ["start", "--keep-steps"], environment);
