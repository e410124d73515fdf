import { setTimeout as sleep } from "node:timers/promises";
import type { Logger } from "../../core/logger.ts";
import type { Tick, TrafficSwitch } from "../traffic/index.ts";

const reconnectMs = 250;

export interface TickFollowerOptions {
  traffic: Pick<TrafficSwitch, "ticks">;
  signal: AbortSignal;
  log: Pick<Logger, "warn">;
  onTick: (tick: Tick) => void;
}

/** Follows the ticks of a switch until the signal aborts. Connects again whenever the switch restarts. */
export const followTicks = async (options: TickFollowerOptions): Promise<void> => {
  const { traffic, signal, log, onTick } = options;
  let isLost = false;
  while (traffic.ticks && !signal.aborted) {
    try {
      for await (const tick of traffic.ticks(signal)) {
        if (signal.aborted) return;
        onTick(tick);
        isLost = false;
      }
    } catch (err) {
      // Once for each loss: a switch that is away stays away for many attempts.
      if (!signal.aborted && !isLost) log.warn({ err }, "the counts of the switch cannot be read");
      isLost = true;
    }
    await sleep(reconnectMs, undefined, { signal }).catch(() => undefined);
  }
};
