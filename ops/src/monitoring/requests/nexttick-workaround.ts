import { executionAsyncResource } from "node:async_hooks";

/**
 * Keeps `process.nextTick` as quick as it is when a process starts: for that, one tick is kept for good, as soon as this
 * is loaded.
 *
 * Node makes an object for each tick, several of them for a request. A full garbage collection that finds none of them
 * alive forgets their shape, and Node 20 makes all later ones in a slow way: each request takes a seventh longer for as
 * long as the process lives. A tick that is kept keeps the shape.
 */
export const keptTicks: object[] = [];

process.nextTick(() => keptTicks.push(executionAsyncResource()));
