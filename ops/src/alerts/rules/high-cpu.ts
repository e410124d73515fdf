import { AlertSeverity, AlertType } from "../model/alert.ts";
import { forTwoMinutes } from "./for-two-minutes.ts";
import type { Rule } from "./rule.ts";

/** The process has been using most of the processor time it may use. */
export const highCpu: Rule = {
  type: AlertType.HIGH_CPU,
  severity: AlertSeverity.WARNING,
  patience: forTwoMinutes,
  condition: ({ cpuPercent }) => `over ${cpuPercent} % of the CPU limit is used for 2 min`,
  find: ({ system: { cpu_percent } }, { cpuPercent }) => [
    {
      key: "",
      finding: cpu_percent > cpuPercent ? "failing" : "fine",
      details: { cpu_percent, threshold_percent: cpuPercent },
    },
  ],
  firedMessage: ({ cpu_percent }) => `The process uses ${cpu_percent} % of the CPU it may use.`,
  resolvedMessage: (lasted) => `The CPU has room again, after ${lasted}.`,
};
