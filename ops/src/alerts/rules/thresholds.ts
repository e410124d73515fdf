/** The thresholds of the rules. Each has a setting; percentages are from 0 to 100. */
export interface Thresholds {
  databaseSlowMs: number;
  errorRatePercent: number;
  /** With fewer requests in the minute, the error rate says nothing. */
  errorRateMinRequests: number;
  cpuPercent: number;
  /** Of the time in which the event loop is busy. */
  eventLoopPercent: number;
  memoryPercent: number;
  apiTimeoutMs: number;
  /** With fewer requests in the minute, the 95th percentile of a route is its one slow request. */
  apiTimeoutMinRequests: number;
}

export const defaultThresholds: Readonly<Thresholds> = {
  databaseSlowMs: 1_000,
  errorRatePercent: 5,
  errorRateMinRequests: 20,
  cpuPercent: 80,
  eventLoopPercent: 95,
  memoryPercent: 80,
  apiTimeoutMs: 2_000,
  apiTimeoutMinRequests: 20,
};
