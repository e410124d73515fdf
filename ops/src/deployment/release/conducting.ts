export { type ConductRequest, conductRelease } from "./conduct.ts";
export { planSteps } from "./plan-steps.ts";
export { planRelease, readOpenRelease, releaseDirectory } from "./release.ts";
export { releaseSteps } from "./release-steps.ts";
export { nextEpoch, servingSlot } from "./serving-slot.ts";
export { spawnConductor } from "./spawn-conductor.ts";
export { stagesOf } from "./stages.ts";
export { unpackArtefact } from "./unpack-artefact.ts";
export { checksOfCopy, releaseWorld } from "./world.ts";
