import { AlertSeverity, AlertType } from "../model/alert.ts";
import { forTwoMinutes } from "./for-two-minutes.ts";
import type { Rule } from "./rule.ts";

/** The process has been occupying most of the memory it may use. */
export const highMemory: Rule = {
  type: AlertType.HIGH_MEMORY,
  severity: AlertSeverity.WARNING,
  patience: forTwoMinutes,
  condition: ({ memoryPercent }) => `over ${memoryPercent} % of the memory limit is used for 2 min`,
  find: ({ system: { memory_percent } }, { memoryPercent }) => [
    {
      key: "",
      finding: memory_percent > memoryPercent ? "failing" : "fine",
      details: { memory_percent, threshold_percent: memoryPercent },
    },
  ],
  firedMessage: ({ memory_percent }) => `The process occupies ${memory_percent} % of the memory it may use.`,
  resolvedMessage: () => "The memory has room again.",
};
