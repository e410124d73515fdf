export { type FrontOptions, type RunningFront, startFront } from "./front.ts";
export { FrontSwitch } from "./front-switch.ts";
export { peerHeader } from "./headers.ts";
export { findAddress, type ListeningHandle, portTaken } from "./listen.ts";
export { prepareSockets, type SocketPaths, socketPaths } from "./socket-directory.ts";
