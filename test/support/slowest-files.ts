import type { Reporter, TestModule } from "vitest/node";

const shown = 5;

/** Ends the output of a run with the slowest test files. */
export default class SlowestFiles implements Reporter {
  onTestRunEnd(modules: readonly TestModule[]): void {
    const slowest = modules
      .map((module) => ({ file: module.relativeModuleId, ms: module.diagnostic().duration }))
      .sort((a, b) => b.ms - a.ms)
      .slice(0, shown);
    console.log("Slowest files:");
    for (const { file, ms } of slowest) console.log(`${(ms / 1_000).toFixed(1).padStart(8)} s  ${file}`);
  }
}
