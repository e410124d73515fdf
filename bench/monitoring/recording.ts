import { setFlagsFromString } from "node:v8";
import { runInNewContext } from "node:vm";
import { PerformanceMetrics } from "@earlybird-ops/platform/monitoring";
import { median, printTable, thousands } from "../figures.ts";

const rounds = 7;
const recordings = 2_000_000;
const routes = 200;
const requestsEachInterval = 20;
const intervalsInAnHour = 720;

/** The cost of recording a request, and the memory of all metrics. */
export const benchRecording = (): void => {
  console.error("recording ...");
  const nanoseconds = Array.from({ length: rounds }, recordingNanoseconds).slice(2);
  const memory = memoryOfAnHour();
  console.log("\n## Recording a request\n");
  console.log(`Medians of ${rounds - 2} rounds of ${thousands(recordings)} recordings on 200 routes.\n`);
  printTable(
    ["one recording", "must be under", `memory, ${routes} routes, full windows`, "must be under"],
    [[`${median(nanoseconds).toFixed(0)} ns`, "1 µs", `${(memory / 1e6).toFixed(1)} MB`, "20 MB"]],
  );
};

/** Looks up the route each time, as a request does. */
const recordingNanoseconds = (): number => {
  const metrics = new PerformanceMetrics();
  const names = Array.from({ length: routes }, (_, n) => `/api/things/${n}/:id`);
  const durations = someDurations();
  const startNs = process.hrtime.bigint();
  for (let n = 0; n < recordings; n++) {
    const endpoint = metrics.endpoint("GET", names[n % routes]);
    endpoint.record(200, durations[n % durations.length] ?? 0);
  }
  return Number(process.hrtime.bigint() - startNs) / recordings;
};

/** With a clock that advances an hour while requests are recorded. */
const memoryOfAnHour = (): number => {
  let nowMs = Date.UTC(2026, 0, 1);
  const clock = { now: () => new Date(nowMs), monotonicMs: () => nowMs };
  const durations = someDurations();
  const before = occupied();
  const metrics = new PerformanceMetrics({ clock });
  for (let interval = 0; interval < intervalsInAnHour; interval++) {
    for (let n = 0; n < routes * requestsEachInterval; n++) {
      const durationMs = durations[(interval * 31 + n * 7) % durations.length] ?? 0;
      metrics.endpoint("GET", `/api/things/${n % routes}/:id`).record(n % 50 === 0 ? 500 : 200, durationMs);
    }
    nowMs += 5_000;
  }
  const after = occupied();
  if (metrics.recorded === 0) throw new Error("nothing was recorded");
  return after - before;
};

/** Log-normal, mostly from 1 to 30 ms, as typical response times. */
const someDurations = (): Float64Array =>
  Float64Array.from({ length: 9_973 }, () => {
    const normal = Math.sqrt(-2 * Math.log(1 - Math.random())) * Math.cos(2 * Math.PI * Math.random());
    return Math.exp(1.8 + 0.8 * normal);
  });

const occupied = (): number => {
  setFlagsFromString("--expose_gc");
  const collect = runInNewContext("gc") as () => void;
  for (let n = 0; n < 3; n++) collect();
  const { heapUsed, external } = process.memoryUsage();
  return heapUsed + external;
};
