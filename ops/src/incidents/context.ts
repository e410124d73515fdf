import type { ReportTimes } from "./times.ts";

/** How a report writes names, times and values. */
export interface ReportContext {
  /** The service. */
  title: string;
  times: ReportTimes;
  /** Writes a value with its unit. */
  quantity: (value: number | string, unit: string) => string;
}
