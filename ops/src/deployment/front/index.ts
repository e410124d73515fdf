export { type FrontOptions, type RunningFront, startFront } from "./front.ts";
export { FrontSwitch } from "./front-switch.ts";
