import type { Progress } from "../../../backups/index.ts";
import { systemClock } from "../../../core/clock.ts";
import { bytes, duration, printStatus } from "../../output.ts";

const everyMs = 1_000;

/** Prints bytes, rate and time left on stderr, at most once a second. */
export const backupProgress = (): ((progress: Progress) => void) => {
  const startMs = systemClock.monotonicMs();
  let printedMs = startMs;
  return ({ stage, bytes: done, total_bytes }) => {
    const nowMs = systemClock.monotonicMs();
    if (nowMs - printedMs < everyMs) return;
    printedMs = nowMs;
    const perMs = done / (nowMs - startMs);
    // At first, the rate says nothing.
    const isKnown = done > total_bytes / 50 && done < total_bytes;
    const left = isKnown ? `, ${duration((total_bytes - done) / perMs)} left` : "";
    const verb = stage === "copy" ? "copied" : "restored";
    printStatus(`${verb} ${bytes(done)} of about ${bytes(total_bytes)}, ${bytes(perMs * 1_000)}/s${left}`);
  };
};
