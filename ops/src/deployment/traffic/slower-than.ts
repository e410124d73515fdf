import { upperBoundMs } from "../../core/latency-bucket.ts";
import type { SlotTick } from "./traffic-switch.ts";

/** The clients of a tick whose slowest request took longer than `thresholdMs`, which is rounded up to its bucket. */
export const clientsSlowerThan = ({ slowest }: Pick<SlotTick, "slowest">, thresholdMs: number): number =>
  slowest.reduce((sum, [bucket, clients]) => (lowerBoundMs(bucket) >= thresholdMs ? sum + clients : sum), 0);

const lowerBoundMs = (bucket: number): number => (bucket === 0 ? 0 : upperBoundMs(bucket - 1));
