import { systemClock } from "../../../core/clock.ts";
import { loadReleases, type Release } from "../../../deployment/index.ts";
import { envFileOf, readEnvironment } from "../../context.ts";
import { findRoot } from "../../service-file.ts";

/** Starts the conductor of a release in the background. */
export const beginConducting = async (release: Release): Promise<void> => {
  const { dataDir } = await readEnvironment();
  const { spawnConductor } = await loadReleases();
  const envFile = envFileOf(findRoot(process.cwd()));
  await spawnConductor(release, { dataDir, envFile }, systemClock);
};
