export { signal, stopProcess } from "./launch.ts";
export { programOf } from "./program-of.ts";
export {
  isAlive,
  type Launch,
  logPath,
  readLaunch,
  readProcess,
  type SlotProcess,
  writeLaunch,
} from "./records.ts";
export { runVersion } from "./run-version.ts";
export { type OccupiedSlot, occupySlot, type SlotListening } from "./slot-side.ts";
export { type Started, Supervisor } from "./supervisor.ts";
