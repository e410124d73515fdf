import { AlertSeverity, AlertType } from "../model/alert.ts";
import { forTwoMinutes } from "./for-two-minutes.ts";
import type { Rule } from "./rule.ts";

/**
 * The process has been using most of the processor time it may use, or its event loop is busy nearly all the time: Node
 * runs JavaScript on one processor, so a saturated process on two of them uses only half of its limit.
 */
export const highCpu: Rule = {
  type: AlertType.HIGH_CPU,
  severity: AlertSeverity.WARNING,
  patience: forTwoMinutes,
  condition: ({ cpuPercent, eventLoopPercent }) =>
    `over ${cpuPercent} % of the CPU limit is used for 2 min, or the event loop is busy over ${eventLoopPercent} % of the time`,
  find: ({ system }, { cpuPercent, eventLoopPercent }) => {
    const { cpu_percent, event_loop_utilization_percent: event_loop_percent } = system;
    const isSaturated = event_loop_percent > eventLoopPercent;
    const details = isSaturated
      ? { event_loop_percent, cpu_percent, threshold_percent: eventLoopPercent }
      : { cpu_percent, event_loop_percent, threshold_percent: cpuPercent };
    return [{ key: "", finding: isSaturated || cpu_percent > cpuPercent ? "failing" : "fine", details }];
  },
  firedMessage: ({ cpu_percent, event_loop_percent, threshold_percent }) =>
    Number(cpu_percent) > Number(threshold_percent)
      ? `The process uses ${cpu_percent} % of the CPU it may use.`
      : `The event loop is busy ${event_loop_percent} % of the time: requests wait for each other.`,
  resolvedMessage: () => "The CPU has room again.",
};
